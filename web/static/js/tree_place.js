// Keeps focus and scrolling where they are while the steps are made anew; another part begins at its selected step.
import { rowOfSpan, rows, selectedRow } from "./tree_rows.js";

const tree = document.getElementById("trace-tree");
let before = {};

const part = () => tree.querySelector("[data-part]")?.dataset.part;
const scroll = () => tree.querySelector("[data-scroll]");

function remember() {
  const focused = tree.contains(document.activeElement) ? document.activeElement : null;
  before = { part: part(), top: scroll()?.scrollTop, hadFocus: Boolean(focused), span: focused?.closest(".row")?.dataset.span };
}

function restore({ detail }) {
  if (detail.target !== tree) return;
  if (before.part === part()) scroll().scrollTop = before.top;
  else selectedRow()?.scrollIntoView({ block: "nearest" });
  if (!before.hadFocus || tree.contains(document.activeElement)) return;
  const row = (before.span && rowOfSpan(before.span)) || selectedRow() || rows()[0];
  row?.querySelector(".step-link")?.focus({ preventScroll: true });
}

for (const name of ["htmx:beforeSwap", "htmx:oobBeforeSwap"]) tree.addEventListener(name, remember);
for (const name of ["htmx:afterSwap", "htmx:oobAfterSwap"]) document.addEventListener(name, restore);
