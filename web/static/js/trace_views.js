// The views of a trace: 1 to 4 switch between them; the selected step, the folds and the window go along.
import { goToNext } from "./next_step.js";
import { selectedSpan } from "./span_detail.js";
import { openAddress } from "./tree_window.js";
import { isTyping } from "./typing.js";

const tabs = [...document.querySelectorAll("[data-view]")];

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

for (const tab of [...tabs, ...document.querySelectorAll("[data-only]")]) {
  tab.addEventListener("click", () => keepSelection(tab));
  tab.addEventListener("auxclick", () => keepSelection(tab));
}
document.addEventListener("keydown", (event) => {
  const tab = tabs[Number(event.key) - 1];
  if (!tab || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  tab.click();
});

// The search keeps what else the address says, and goes to its first hit.
const form = document.querySelector(".find");
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const url = new URL(location.href);
  const text = form.elements.find.value.trim();
  const isNew = text !== (url.searchParams.get("find") ?? "");
  if (text) url.searchParams.set("find", text);
  else url.searchParams.delete("find");
  if (isNew && !(await openAddress(url.href))) return;
  form.elements.find.blur();
  if (text) await goToNext("hit");
});
