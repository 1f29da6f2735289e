// Keeps the first page of the list up to date; older pages, and a reader who has scrolled, get a button instead.
import { refresher } from "./refresh.js";

const list = document.getElementById("list");
const state = () => list.querySelector(".list")?.dataset; // none where the filter cannot be read
const isReadingFurtherDown = () => scrollY > 120;

// It may have become another page of the list since the change was told.
function address() {
  const button = list.querySelector("[data-news]");
  if (!button || (state().firstPage === "yes" && !isReadingFurtherDown())) return location.href;
  button.hidden = false;
  return "";
}

const renew = refresher(list, address);

let seen = "";
document.addEventListener("rainbarrel:changed", ({ detail }) => {
  // the version that is told is that of the first page: an older one takes the first for what it knows
  const known = seen || (state()?.firstPage === "yes" ? state().version : detail.version);
  seen = detail.version;
  if (state() && detail.version !== known) renew();
});

let across = 0;
list.addEventListener("htmx:beforeSwap", () => (across = list.querySelector(".scroll-x")?.scrollLeft ?? 0));
list.addEventListener("htmx:afterSettle", () => list.querySelector(".scroll-x")?.scrollTo({ left: across }));
