// Keeps the first page of the list up to date; older pages, and a reader who has scrolled, get a button instead.
import { load, show } from "./fragments.js";
import { refresher } from "./refresh.js";

const list = document.getElementById("list");
const state = () => list.querySelector(".list").dataset;
const isFirst = () => state().firstPage === "yes";

async function renew() {
  const html = await load(list.dataset.fragment + location.search);
  const focused = document.activeElement?.closest("[data-trace]")?.dataset.trace;
  const across = list.querySelector(".scroll-x")?.scrollLeft ?? 0;
  show(list, html);
  if (list.querySelector(".scroll-x")) list.querySelector(".scroll-x").scrollLeft = across;
  if (focused) list.querySelector(`[data-trace="${focused}"] .question a`)?.focus({ preventScroll: true });
}

function isReadingFurtherDown() {
  return scrollY > 120;
}

const refresh = refresher(async () => {
  const button = list.querySelector("[data-news]");
  if (button && (!isFirst() || isReadingFurtherDown())) button.hidden = false;
  else await renew();
});

let seen = "";
document.addEventListener("rainbarrel:changed", ({ detail }) => {
  const known = seen || state().version;
  seen = detail.version;
  if (detail.version !== known) refresh();
});
list.addEventListener("click", (event) => {
  if (!event.target.closest("[data-news]") || !isFirst()) return;
  event.preventDefault();
  scrollTo({ top: 0 });
  renew();
});
