// The views of a trace: 1 to 4 switch between them; the selected step, the folds and the window go along.
import { goToNext } from "./next_step.js";
import { selectedSpan } from "./span_detail.js";
import { openAddress } from "./tree_window.js";
import { isTyping } from "./typing.js";

const views = document.getElementById("trace-views");

function keepSelection(tab) {
  const url = new URL(location.href);
  if (tab.dataset.view) url.searchParams.set("view", tab.dataset.view);
  if ("only" in tab.dataset) {
    const isOn = url.searchParams.get("only") === tab.dataset.only;
    url.searchParams.set("only", isOn ? "" : tab.dataset.only);
  }
  url.searchParams.delete("offset");
  for (const [name, value] of [...url.searchParams]) if (!value) url.searchParams.delete(name);
  const span = selectedSpan();
  if (span) url.searchParams.set("span", span);
  tab.href = url;
}

views.addEventListener("htmx:configRequest", ({ target, detail }) => {
  keepSelection(target);
  detail.path = target.href;
});
views.addEventListener("auxclick", (event) => {
  const tab = event.target.closest("[data-view], [data-only]");
  if (tab) keepSelection(tab);
});
document.addEventListener("keydown", (event) => {
  const tab = views.querySelectorAll("[data-view]")[Number(event.key) - 1];
  if (!tab || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  tab.click();
});

// The search keeps what else the address says, and goes to its first hit.
views.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { find } = event.target.elements;
  const url = new URL(location.href);
  const text = find.value.trim();
  const isNew = text !== (url.searchParams.get("find") ?? "");
  if (text) url.searchParams.set("find", text);
  else url.searchParams.delete("find");
  if (isNew && !(await openAddress(url.href))) return;
  find.blur();
  if (text) await goToNext("hit");
});
