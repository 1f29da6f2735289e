// The views of a trace: 1, 2 and 3 switch between them, and the selected step goes along.
import { selectedSpan } from "./span_detail.js";
import { isTyping } from "./typing.js";

const tabs = [...document.querySelectorAll("[data-view]")];

function keepSelection(tab) {
  const url = new URL(tab.href);
  const span = selectedSpan();
  if (span) url.searchParams.set("span", span);
  tab.href = url;
}

for (const tab of tabs) {
  tab.addEventListener("click", () => keepSelection(tab));
  tab.addEventListener("auxclick", () => keepSelection(tab));
}
document.addEventListener("keydown", (event) => {
  const tab = tabs[Number(event.key) - 1];
  if (!tab || isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  tab.click();
});
