// Keeps the first page of the list up to date; older pages, and a reader who has scrolled, get a button instead.
import { refresher } from "./refresh.js";

const list = document.getElementById("list");
const state = () => list.querySelector(".list")?.dataset; // none where the filter cannot be read
const renew = refresher(list, () => location.href);
const isReadingFurtherDown = () => scrollY > 120;

let seen = "";
document.addEventListener("rainbarrel:changed", ({ detail }) => {
  const known = seen || state()?.version;
  seen = detail.version;
  if (!state() || detail.version === known) return;
  const button = list.querySelector("[data-news]");
  if (button && (state().firstPage !== "yes" || isReadingFurtherDown())) button.hidden = false;
  else if (!list.querySelector(".htmx-request")) renew(); // else another page of the list is on its way
});

let across = 0;
list.addEventListener("htmx:beforeSwap", () => (across = list.querySelector(".scroll-x")?.scrollLeft ?? 0));
list.addEventListener("htmx:afterSettle", () => list.querySelector(".scroll-x")?.scrollTo({ left: across }));
