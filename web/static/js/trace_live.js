// Renews header, steps and details while spans arrive; selection, folds, focus and scrolling stay as they are.
import { refresher } from "./refresh.js";
import { selectedSpan } from "./span_detail.js";

const header = document.getElementById("trace-header");
const tree = document.getElementById("trace-tree");
const pane = document.getElementById("trace-detail");
const shown = {}; // what the server last sent of a part, by its id
let asked = "";

// What the reader looks at: the address and the selected step.
const view = () => `${location.search} ${selectedSpan()}`;

// The part that is open stays, wherever the selected step stands.
function address() {
  asked = view();
  const url = new URL(location.href);
  const span = selectedSpan();
  if (span) url.searchParams.set("span", span);
  return url.pathname + url.search;
}

function isMarkingText() {
  const selection = getSelection();
  return !selection.isCollapsed && pane.contains(selection.anchorNode);
}

const refresh = refresher(header, address);

header.addEventListener("htmx:beforeSwap", (event) => {
  if (view() === asked) return;
  event.preventDefault();
  refresh(); // the reader went elsewhere meanwhile
});
for (const part of [tree, pane]) part.addEventListener("htmx:beforeSwap", () => delete shown[part.id]);
document.addEventListener("htmx:oobBeforeSwap", ({ detail }) => {
  const { id } = detail.target;
  const html = detail.fragment.innerHTML;
  detail.shouldSwap &&= shown[id] !== html && !(id === pane.id && isMarkingText());
  if (detail.shouldSwap) shown[id] = html;
});

let seen = header.querySelector("[data-version]").dataset.version;
document.addEventListener("rainbarrel:changed", ({ detail }) => {
  if (detail.version === seen) return;
  seen = detail.version;
  refresh();
});
