// Renews header, tree and details while spans arrive; selection, folds, focus and scrolling stay as they are.
import { load, show } from "./fragments.js";
import { refresher } from "./refresh.js";
import { detailUrl, selectedSpan } from "./span_detail.js";
import { rowOfSpan } from "./tree_rows.js";

const header = document.getElementById("trace-header");
const tree = document.getElementById("trace-tree");
const pane = document.getElementById("trace-detail");
const shown = { header: "", tree: "", pane: "" };

function renew(name, element, html) {
  if (shown[name] === html) return false;
  shown[name] = html;
  show(element, html);
  return true;
}

function renewTree(html) {
  const at = tree.querySelector("[data-scroll]").scrollTop;
  const focused = tree.contains(document.activeElement) ? document.activeElement.closest(".row")?.dataset.span : undefined;
  if (!renew("tree", tree, html)) return;
  tree.querySelector("[data-scroll]").scrollTop = at;
  if (focused) rowOfSpan(focused)?.querySelector(".step-link").focus({ preventScroll: true });
}

function renewPane(html) {
  const selection = getSelection();
  if (!selection.isCollapsed && pane.contains(selection.anchorNode)) return; // the reader is marking text
  const at = pane.scrollTop;
  const focused = pane.contains(document.activeElement) ? document.activeElement.id : "";
  if (!renew("pane", pane, html)) return;
  pane.scrollTop = at;
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

// What the reader looks at: the address and the selected step.
const view = () => `${location.search} ${selectedSpan()}`;

const refresh = refresher(async () => {
  const before = view();
  const span = selectedSpan();
  const query = new URLSearchParams(location.search);
  if (span) query.set("span", span);
  const parts = [header, tree].map((element) => load(`${element.dataset.fragment}?${query}`));
  const [headerHtml, treeHtml] = await Promise.all(parts);
  if (view() === before) {
    renew("header", header, headerHtml);
    renewTree(treeHtml);
    if (!span || rowOfSpan(span)?.matches(".is-missing")) return;
    const paneHtml = await load(detailUrl(span));
    if (view() === before) {
      renewPane(paneHtml);
      return;
    }
  }
  refresh(); // the reader went elsewhere meanwhile
});

let seen = header.querySelector("[data-version]").dataset.version;
document.addEventListener("rainbarrel:changed", ({ detail }) => {
  if (detail.version === seen) return;
  seen = detail.version;
  refresh();
});
