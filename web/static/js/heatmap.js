// Arrow keys lead from cell to cell of the table of durations, Home and End to the ends of a row; Tab leads past it.
// Where the table is wider than the screen, it opens at its newest end.
const table = document.querySelector(".heatmap");
table?.parentElement.scrollTo({ left: table.offsetWidth });
const rows = [...(table?.tBodies[0].rows ?? [])].map((row) => [...row.querySelectorAll("td > a")]);
const column = (link) => link.parentElement.cellIndex;

let current = rows[0]?.[0];
for (const link of rows.flat()) link.tabIndex = link === current ? 0 : -1;

function nearest(links, wanted) {
  return links.reduce((best, link) => (Math.abs(column(link) - wanted) < Math.abs(column(best) - wanted) ? link : best));
}

function neighbour(link, key) {
  const at = rows.findIndex((links) => links.includes(link));
  const links = rows[at];
  if (key === "ArrowLeft") return links[links.indexOf(link) - 1];
  if (key === "ArrowRight") return links[links.indexOf(link) + 1];
  if (key === "Home") return links[0];
  if (key === "End") return links.at(-1);
  const next = key === "ArrowUp" ? rows.slice(0, at).findLast((one) => one.length) : rows.slice(at + 1).find((one) => one.length);
  return next && nearest(next, column(link));
}

table?.addEventListener("keydown", (event) => {
  const isPlain = !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (!isPlain || !["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
  const link = event.target.closest("td > a");
  if (!link) return;
  event.preventDefault();
  neighbour(link, event.key)?.focus();
});

table?.addEventListener("focusin", ({ target }) => {
  const link = target.closest("td > a");
  if (!link) return;
  current.tabIndex = -1;
  current = link;
  link.tabIndex = 0;
});
