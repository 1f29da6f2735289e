// Turns the parts of the detail pane into tabs. The chosen tab stays from span to span.
const pane = document.getElementById("trace-detail");
let chosen = "io";

function apply() {
  const list = pane.querySelector("[data-tabs]");
  if (!list) return;
  list.setAttribute("role", "tablist");
  for (const tab of list.querySelectorAll("[data-tab]")) {
    const isChosen = tab.dataset.tab === chosen;
    const part = document.getElementById(`part-${tab.dataset.tab}`);
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-selected", String(isChosen));
    tab.setAttribute("aria-controls", part.id);
    tab.tabIndex = isChosen ? 0 : -1;
    part.setAttribute("role", "tabpanel");
    part.setAttribute("aria-labelledby", tab.id);
    part.hidden = !isChosen;
  }
}

function choose(tab) {
  chosen = tab.dataset.tab;
  apply();
  tab.focus();
}

pane.addEventListener("click", (event) => {
  const tab = event.target.closest("[data-tab]");
  if (!tab) return;
  event.preventDefault();
  choose(tab);
});
pane.addEventListener("keydown", (event) => {
  const tab = event.target.closest("[data-tab]");
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!tab || !step) return;
  const all = [...pane.querySelectorAll("[data-tab]")];
  choose(all[(all.indexOf(tab) + step + all.length) % all.length]);
});
document.addEventListener("htmx:load", apply);
