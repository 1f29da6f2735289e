// Selecting a step: its details come by fetch, the address keeps the span, a step outside the window brings its window.
import { load, show, showSentence } from "./fragments.js";
import { focusRow, markSelected, rowOfSpan } from "./tree_rows.js";
import { openAddress } from "./tree_window.js";

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

// `row` tells which of several rows of the span is meant (a question and its answer in the transcript).
export async function select(span, { isFocused = true, row = rowOfSpan(span) } = {}) {
  const url = new URL(location.href);
  url.hash = "";
  url.searchParams.set("span", span);
  url.searchParams.delete("full");
  if (!row) url.searchParams.delete("offset");
  history.replaceState(null, "", url);
  if (!row) await openAddress(url.href);
  markSelected(span, row ?? rowOfSpan(span));
  const selected = row ?? rowOfSpan(span);
  if (selected && isFocused) focusRow(selected);
  if (selected?.matches(".is-missing")) {
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
  if (event.target.closest("[data-fold-button], [data-open], [data-window]")) return;
  const link = event.target.closest("[data-step-link]") ?? event.target.closest(".row")?.querySelector(".step-link");
  const target = link?.href && new URL(link.href);
  const span = target && target.searchParams.get("span");
  if (!span || target.pathname !== location.pathname) return; // a loop may run on in another trace
  event.preventDefault();
  const row = link.closest(".row[data-span]");
  select(span, row ? { row } : {}).then(() => {
    if (stacked.matches) pane.scrollIntoView({ block: "start" });
  });
});
