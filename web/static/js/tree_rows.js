// Rows of the tree: which are there, which one is selected, and where the focus stands (one row takes Tab).
import { reveal } from "./fold.js";

const tree = document.getElementById("trace-tree");

export const rows = () => [...tree.querySelectorAll(".row")];
export const visibleRows = () => [...tree.querySelectorAll(".row:not([hidden])")].filter((row) => !row.closest("details:not([open])"));
export const selectedRow = () => tree.querySelector('.row[aria-selected="true"], .turn[aria-current="true"]');
const mark = (row, isSelected) => row?.setAttribute(row.matches(".turn") ? "aria-current" : "aria-selected", isSelected);
export const rowOfSpan = (span) => tree.querySelector(`.row[data-span="${CSS.escape(span)}"]`);
export const currentRow = () => document.activeElement?.closest?.(".row") ?? selectedRow();

function takeTab(row) {
  for (const link of tree.querySelectorAll(".step-link")) link.tabIndex = -1;
  const first = row ?? selectedRow() ?? tree.querySelector(".row");
  const link = first?.querySelector(".step-link");
  if (link) link.tabIndex = 0;
}

export function focusRow(row) {
  if (row.hidden) reveal(row);
  for (let folded; (folded = row.closest("details:not([open])")); ) folded.open = true;
  takeTab(row);
  const link = row.querySelector(".step-link");
  link.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

export function markSelected(row) {
  for (let marked; (marked = selectedRow()); ) mark(marked, "false");
  mark(row, "true");
  takeTab(row);
}

document.addEventListener("htmx:load", ({ target }) => {
  if (tree.contains(target)) takeTab();
});
takeTab();
selectedRow()?.scrollIntoView({ block: "nearest" });
