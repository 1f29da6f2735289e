// Keys of the trace page.
import { copy } from "./copy.js";
import { setFolded } from "./fold.js";
import { select, selectedSpan } from "./span_detail.js";
import { say } from "./toast.js";
import { currentRow, focusRow, rows, visibleRows } from "./tree_rows.js";
import { openWindow } from "./tree_window.js";
import { isTyping } from "./typing.js";

const tree = document.getElementById("trace-tree");
const pane = document.getElementById("trace-detail");

function choose(row) {
  if (!row) return;
  focusRow(row);
  if (row.dataset.span) select(row.dataset.span);
}

function move(step) {
  const all = visibleRows();
  const at = all.indexOf(currentRow());
  choose(at < 0 ? all[0] : all[at + step]);
}

function left() {
  const row = currentRow();
  if (row?.getAttribute("aria-expanded") === "true") {
    setFolded(row, true);
    focusRow(row);
  } else {
    choose(row && tree.querySelector(`.row[data-index="${row.dataset.parent}"]`));
  }
}

function right() {
  const row = currentRow();
  if (row?.getAttribute("aria-expanded") === "false") setFolded(row, false);
  else if (row?.hasAttribute("aria-expanded")) move(1);
}

// The next row that matches: after the current one, in the parts of the tree that follow, at last from the start.
async function next(matches, words) {
  const all = rows();
  if (!all.length) {
    say("This view has no single steps; 1 opens the tree, 2 the transcript.");
    return;
  }
  const at = all.indexOf(currentRow());
  let found = all.slice(at + 1).find(matches);
  while (!found && (await openWindow("after"))) found = rows().find(matches);
  found ??= rows().find(matches);
  if (found) choose(found);
  else say(words);
}

const hasFailed = (row) => ["error", "soft_error"].includes(row.dataset.status);

function nextLoop() {
  const here = currentRow()?.dataset.loop;
  next((row) => row.dataset.loop && row.dataset.loop !== here, "No other loop from here on.");
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
  e: () => next(hasFailed, "No error from here on."),
  L: nextLoop,
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
  const wanted = button.dataset.go;
  next((row) => row.dataset.status === wanted, "It stands in an earlier part of the tree.");
});
