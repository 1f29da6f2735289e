// Rows of the tree: which are there, which one is selected, and where the focus stands (one row takes Tab).
import { reveal } from "./fold.js";

const tree = document.getElementById("trace-tree");

export const rows = () => [...tree.querySelectorAll(".row")];
export const visibleRows = () => [...tree.querySelectorAll(".row:not([hidden])")];
export const selectedRow = () => tree.querySelector('.row[aria-selected="true"]');
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
  takeTab(row);
  const link = row.querySelector(".step-link");
  link.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

export function markSelected(span) {
  selectedRow()?.setAttribute("aria-selected", "false");
  const row = rowOfSpan(span);
  row?.setAttribute("aria-selected", "true");
  return row;
}

document.addEventListener("rainbarrel:shown", (event) => {
  if (event.detail === tree) takeTab();
});
takeTab();
selectedRow()?.scrollIntoView({ block: "nearest" });
