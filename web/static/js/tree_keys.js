// Keys of the trace page.
import { copy } from "./copy.js";
import { setFolded } from "./fold.js";
import { goToNext } from "./next_step.js";
import { select, selectedSpan } from "./span_detail.js";
import { say } from "./toast.js";
import { currentRow, focusRow, visibleRows } from "./tree_rows.js";
import { openAddress, openPart } from "./tree_window.js";
import { isTyping } from "./typing.js";

const tree = document.getElementById("trace-tree");
const pane = document.getElementById("trace-detail");

function choose(row) {
  if (!row) return;
  focusRow(row);
  if (row.dataset.span) select(row.dataset.span, row);
}

// At the edge of a part its neighbour opens. The graph has nodes instead of rows.
async function move(step) {
  const nodes = [...tree.querySelectorAll("a.node")];
  if (nodes.length) {
    const at = nodes.indexOf(document.activeElement.closest?.("a.node") ?? tree.querySelector("a.node.is-selected"));
    nodes[Math.min(Math.max(at + step, 0), nodes.length - 1)].focus();
    return;
  }
  const all = visibleRows();
  const at = all.indexOf(currentRow());
  const next = at < 0 ? all[0] : all[at + step];
  if (next) choose(next);
  else if (await openPart(step > 0 ? "after" : "before")) choose(visibleRows().at(step > 0 ? 0 : -1));
}

async function toggleFold(row) {
  const fold = row.dataset.fold;
  if (!(await openAddress(row.dataset.foldUrl))) return;
  const again = tree.querySelector(`.row[data-fold="${CSS.escape(fold)}"]`);
  if (again) focusRow(again);
}

function left() {
  const row = currentRow();
  if (row?.dataset.foldUrl && row.getAttribute("aria-expanded") === "true") {
    toggleFold(row);
  } else if (row?.getAttribute("aria-expanded") === "true") {
    setFolded(row, true);
    focusRow(row);
  } else {
    choose(row && tree.querySelector(`.row[data-index="${row.dataset.parent}"]`));
  }
}

function right() {
  const row = currentRow();
  if (row?.dataset.foldUrl && row.getAttribute("aria-expanded") === "false") toggleFold(row);
  else if (row?.getAttribute("aria-expanded") === "false") setFolded(row, false);
  else if (row?.hasAttribute("aria-expanded")) move(1);
}

function follow(selector, words) {
  const link = pane.querySelector(selector);
  if (link) link.click();
  else say(words);
}

function into() {
  const tab = pane.querySelector('[data-tab][aria-selected="true"]');
  (tab ?? pane).focus();
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  ArrowDown: () => move(1),
  ArrowUp: () => move(-1),
  h: left,
  l: right,
  ArrowLeft: left,
  ArrowRight: right,
  e: () => goToNext("failure"),
  L: () => goToNext("loop"),
  n: () => goToNext("hit"),
  "/": () => document.querySelector(".find input[type=search]").select(),
  m: () => tree.querySelector(".segments a:not([aria-current])")?.click(),
  z: () => tree.querySelector("#map-whole")?.click(),
  d: () => follow("#diff > summary", "There is no previous repeat to compare with."),
  "]": () => follow('[data-repeat="next"]', "No next repeat."),
  "[": () => follow('[data-repeat="previous"]', "No previous repeat."),
  b: () => follow("[data-asked-by]", "No model call is known to have asked for this step."),
  g: () => choose(visibleRows()[0]),
  c: () => copy(selectedSpan() ?? "", "The span id is copied."),
  y: () => copy(location.href, "A link to this step is copied."),
};

document.addEventListener("keydown", (event) => {
  if (isTyping(event)) return;
  const isInTree = tree.contains(event.target);
  if (event.key === "Enter" && isInTree && event.target.matches(".step-link")) {
    event.preventDefault();
    choose(event.target.closest(".row"));
    into();
    return;
  }
  // arrows scroll everywhere else
  if (event.key.startsWith("Arrow") && !isInTree) return;
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

document.getElementById("trace-header").addEventListener("click", (event) => {
  const button = event.target.closest("[data-go]");
  if (!button) return;
  goToNext(button.dataset.go);
});
