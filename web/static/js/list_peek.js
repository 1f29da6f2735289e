// A card about the trace under the pointer, or with p about the one in focus; it is fetched when it is wanted.
import { isTyping } from "./typing.js";

const PAUSE_MS = 350;
const list = document.getElementById("list");
const card = document.createElement("aside");
card.className = "peek";
card.id = "peek";
card.hidden = true;
card.setAttribute("role", "status");
card.setAttribute("aria-label", "Peek at the trace");
document.body.append(card);

let timer = 0;
let wanted = "";

function hide() {
  clearTimeout(timer);
  wanted = "";
  card.hidden = true;
}

function place(row) {
  const box = row.getBoundingClientRect();
  const fitsBelow = box.bottom + card.offsetHeight + 12 < innerHeight;
  card.style.top = `${scrollY + (fitsBelow ? box.bottom + 4 : Math.max(4, box.top - card.offsetHeight - 4))}px`;
  const left = row.querySelector(".question").getBoundingClientRect().left;
  card.style.left = `${scrollX + Math.max(16, Math.min(left, innerWidth - card.offsetWidth - 16))}px`;
}

function show(row) {
  const url = `${row.querySelector(".question a").getAttribute("href")}/peek`;
  if (wanted === url) return;
  hide();
  wanted = url;
  htmx.ajax("GET", url, { source: card, target: card }).catch(() => {});
}

card.addEventListener("htmx:beforeSwap", ({ detail }) => {
  detail.shouldSwap &&= detail.pathInfo.requestPath === wanted;
});
card.addEventListener("htmx:afterSettle", () => {
  const row = list.querySelector(`[href="${wanted.replace(/\/peek$/, "")}"]`)?.closest("tr"); // the list may have been renewed meanwhile
  if (!row) return hide();
  card.hidden = false;
  place(row);
});
for (const name of ["htmx:responseError", "htmx:sendError"]) {
  card.addEventListener(name, (event) => {
    event.stopPropagation(); // the row says what there is to say
    hide();
  });
}

list.addEventListener("pointerover", (event) => {
  const row = event.target.closest("tr[data-trace]");
  if (event.pointerType !== "mouse" || !row) return;
  clearTimeout(timer);
  timer = setTimeout(() => show(row), PAUSE_MS);
});
list.addEventListener("pointerout", (event) => {
  const row = event.target.closest("tr[data-trace]");
  if (row && !row.contains(event.relatedTarget) && !card.contains(event.relatedTarget)) hide();
});
card.addEventListener("pointerleave", hide);
list.addEventListener("focusout", (event) => {
  if (event.relatedTarget) hide(); // null: the row was renewed and gets the focus back
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !card.hidden) {
    event.preventDefault();
    hide();
  } else if (event.key === "p" && !isTyping(event)) {
    const row = document.activeElement?.closest("tr[data-trace]");
    if (row && card.hidden) show(row);
    else hide();
  }
});
