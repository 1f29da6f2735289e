// The palette: Ctrl-K (or the button of the rail) opens it, the server suggests by htmx, arrows choose, Enter goes, Esc closes.
const dialog = document.getElementById("palette");
const field = dialog.querySelector("input");
const list = document.getElementById("palette-list");
let chosen = -1;
let answered = null; // the text that the lines are for

function open() {
  if (dialog.open) return;
  for (const other of document.querySelectorAll("dialog[open]")) other.close();
  dialog.showModal();
  field.select();
  htmx.trigger(field, "opened");
}

function choose(index) {
  const options = [...list.children];
  chosen = options.length ? (index + options.length) % options.length : -1;
  for (const [at, option] of options.entries()) option.setAttribute("aria-selected", String(at === chosen));
  options[chosen]?.scrollIntoView({ block: "nearest" });
  if (chosen < 0) field.removeAttribute("aria-activedescendant");
  else field.setAttribute("aria-activedescendant", options[chosen].id);
}

list.addEventListener("htmx:afterSwap", ({ detail }) => {
  answered = detail.requestConfig.parameters.to ?? "";
  choose(0);
});
for (const name of ["htmx:responseError", "htmx:sendError"]) {
  field.addEventListener(name, (event) => {
    event.stopPropagation();
    list.replaceChildren();
    choose(-1);
    document.getElementById("palette-note").textContent = "The server does not answer; type on to try again.";
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  open();
});
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-palette]");
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open();
});
field.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") choose(chosen + 1);
  else if (event.key === "ArrowUp") choose(chosen - 1);
  else return;
  event.preventDefault();
});
dialog.querySelector("form").addEventListener("submit", (event) => {
  const target = list.children[chosen]?.dataset.url;
  if (!target || field.value !== answered) return; // typed faster than answered: the server decides
  event.preventDefault();
  location.assign(target);
});
list.addEventListener("click", (event) => {
  const target = event.target.closest("[role=option]")?.dataset.url;
  if (target) location.assign(target);
});
