// Folding: hides the rows below a folded row, and keeps what is folded while rows are renewed.
const tree = document.getElementById("trace-tree");
const folded = new Set();
const keyOf = (row) => row.dataset.span || `at ${row.dataset.index}`;

function apply() {
  let hiddenBelow = Infinity;
  for (const row of tree.querySelectorAll(".row")) {
    const depth = Number(row.dataset.depth);
    if (depth <= hiddenBelow) hiddenBelow = Infinity;
    row.hidden = depth > hiddenBelow;
    if (!row.hasAttribute("aria-expanded") || row.dataset.foldUrl) continue; // repeats fold on the server
    const isFolded = folded.has(keyOf(row));
    row.setAttribute("aria-expanded", String(!isFolded));
    if (isFolded && !row.hidden) hiddenBelow = depth;
  }
}

export function setFolded(row, isFolded) {
  if (isFolded) folded.add(keyOf(row));
  else folded.delete(keyOf(row));
  apply();
}

// Unfolds everything above a row, so that it can be seen.
export function reveal(row) {
  for (let above = row; above; ) {
    above = tree.querySelector(`.row[data-index="${above.dataset.parent}"]`);
    if (above) folded.delete(keyOf(above));
  }
  apply();
}

tree.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fold-button]");
  if (!button) return;
  const row = button.closest(".row");
  setFolded(row, row.getAttribute("aria-expanded") === "true");
});
document.addEventListener("htmx:load", ({ target }) => {
  if (tree.contains(target)) apply();
});
