// Selecting a step: htmx loads its details by the link. Here its row is marked, and a step outside the part brings its part.
import { answerIn } from "./reader.js";
import { focusRow, markSelected, rowOfSpan, selectedRow } from "./tree_rows.js";
import { openAddress } from "./tree_window.js";

const tree = document.getElementById("trace-tree");
const pane = document.getElementById("trace-detail");
const stacked = matchMedia("(max-width: 980px), (max-height: 520px)");

export const selectedSpan = () =>
  selectedRow()?.dataset.span || new URLSearchParams(location.search).get("span") || pane.firstElementChild?.dataset.span;

// The address of what the page shows, with this step selected.
function addressOf(span) {
  const url = new URL(location.href);
  url.searchParams.delete("full");
  url.searchParams.set("span", span);
  if (!rowOfSpan(span)) url.searchParams.delete("offset");
  return url.pathname + url.search;
}

// `row` tells which of several rows of the span is meant (a question and its answer in the transcript).
export async function select(span, row = rowOfSpan(span)) {
  if (row) {
    focusRow(row);
    const link = row.querySelector(".step-link");
    htmx.ajax("GET", link.href, { source: link, target: pane, replace: "true" }).catch(() => {}); // loading.js says it
    return;
  }
  await openAddress(addressOf(span));
  const shown = rowOfSpan(span);
  if (shown) focusRow(shown);
}

function bringPane() {
  if (stacked.matches) pane.scrollIntoView({ block: "start" });
}

const isStep = ({ target, verb }) => target === pane && verb === "get";

document.addEventListener("htmx:confirm", (event) => {
  const { detail } = event;
  if (!isStep(detail)) return;
  const wanted = new URL(detail.path, location.href);
  const span = wanted.searchParams.get("span");
  const own = detail.elt.closest(".row[data-span]");
  if (wanted.pathname !== location.pathname) {
    event.preventDefault();
    location.assign(wanted); // a loop may run on in another trace
  } else if (answerIn(tree) && !wanted.searchParams.has("full")) {
    event.preventDefault();
    answerIn(tree).then(() => select(span)); // other steps are on their way: it is selected among those
  } else if (own) {
    markSelected(own);
  } else if (span !== selectedSpan()) {
    const row = rowOfSpan(span);
    if (row) {
      markSelected(row);
      focusRow(row);
    } else {
      event.preventDefault();
      select(span).then(bringPane);
    }
  }
});
// links know the state of the view that they came with; the reader may have changed it
document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (!isStep(detail)) return;
  const wanted = new URL(detail.path, location.href).searchParams;
  detail.path = addressOf(wanted.get("span")) + (wanted.has("full") ? "&full=1" : "");
});
pane.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.requestConfig?.triggeringEvent) bringPane();
});
// a click anywhere in a row is one on its link
document.addEventListener("click", (event) => {
  const link = event.target.closest("a, button, summary") ? null : event.target.closest(".row")?.querySelector(".step-link");
  if (!link || event.ctrlKey || event.metaKey) return;
  focusRow(link.closest(".row"));
  link.click();
});
