// Selecting a step: its details come by fetch, the address keeps the span, a step outside the window brings its window.
import { load, show, showSentence } from "./fragments.js";
import { focusRow, markSelected, rowOfSpan } from "./tree_rows.js";

const tree = document.getElementById("trace-tree");
const pane = document.getElementById("trace-detail");
const trace = document.getElementById("main").dataset.trace;
const base = document.documentElement.dataset.base;
const stacked = matchMedia("(max-width: 980px), (max-height: 520px)");
let request = new AbortController();
let shownUrl = ""; // of the details in the pane, when they were loaded here

export const selectedSpan = () => new URLSearchParams(location.search).get("span") ?? pane.firstElementChild?.dataset.span;

// Where the details of a span come from: with all of their long values if these were asked for.
export function detailUrl(span) {
  const plain = `${base}/traces/${trace}/spans/${span}`;
  return shownUrl.startsWith(plain) ? shownUrl : plain;
}

async function loadInto(url) {
  shownUrl = url;
  request.abort();
  request = new AbortController();
  try {
    show(pane, await load(url, request.signal));
    pane.scrollTop = 0;
  } catch (error) {
    if (error.name === "AbortError") return;
    showSentence(pane, error instanceof TypeError ? "The server cannot be reached; try again." : error.message);
  }
}

export async function select(span, { isFocused = true } = {}) {
  const url = new URL(location.href);
  url.hash = "";
  const view = url.searchParams.get("view");
  url.search = view ? `?view=${view}&span=${span}` : `?span=${span}`;
  history.replaceState(null, "", url);
  if (!rowOfSpan(span)) show(tree, await load(tree.dataset.fragment + location.search));
  const row = markSelected(span);
  if (row && isFocused) focusRow(row);
  if (row?.matches(".is-missing")) {
    request.abort();
    showSentence(pane, "This parent has not arrived. The steps below it name it, so it keeps their place in the tree.");
  } else {
    await loadInto(`${base}/traces/${trace}/spans/${span}`);
  }
}

function isPlain(event) {
  return event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
}

document.addEventListener("click", (event) => {
  if (!isPlain(event)) return;
  const full = event.target.closest("[data-full]");
  if (full) {
    event.preventDefault();
    loadInto(full.dataset.full);
    return;
  }
  if (event.target.closest("[data-fold]")) return;
  const link = event.target.closest("[data-step-link]") ?? event.target.closest(".row")?.querySelector(".step-link");
  const span = link?.href && new URL(link.href).searchParams.get("span");
  if (!span) return;
  event.preventDefault();
  select(span).then(() => {
    if (stacked.matches) pane.scrollIntoView({ block: "start" });
  });
});
