// The palette: Ctrl-K (or the button of the rail) opens it, the server suggests, arrows choose, Enter goes, Esc closes.
const PAUSE_MS = 120;
const dialog = document.getElementById("palette");
const field = dialog.querySelector("input");
const list = dialog.querySelector("ul");
const note = dialog.querySelector(".palette-note");
const base = document.documentElement.dataset.base;
let request = new AbortController();
let timer = 0;
let chosen = -1;
let answered = null; // the text that the lines are for

function open() {
  if (dialog.open) return;
  for (const other of document.querySelectorAll("dialog[open]")) other.close();
  dialog.showModal();
  field.select();
  ask();
}

function choose(index) {
  const options = [...list.children];
  chosen = options.length ? (index + options.length) % options.length : -1;
  for (const [at, option] of options.entries()) option.setAttribute("aria-selected", String(at === chosen));
  options[chosen]?.scrollIntoView({ block: "nearest" });
  if (chosen < 0) field.removeAttribute("aria-activedescendant");
  else field.setAttribute("aria-activedescendant", options[chosen].id);
}

function option({ kind, label, about, url }, index) {
  const line = document.createElement("li");
  line.id = `palette-${index}`;
  line.setAttribute("role", "option");
  line.dataset.url = url;
  for (const [name, text] of [["jump-kind", kind], ["cut", label], ["cut dim", about]]) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = text;
    line.append(part);
  }
  return line;
}

async function ask() {
  request.abort();
  request = new AbortController();
  const asked = field.value;
  try {
    const answer = await fetch(`${base}/jump.json?${new URLSearchParams({ to: asked })}`, { signal: request.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    const { suggestions } = await answer.json();
    answered = asked;
    list.replaceChildren(...suggestions.map(option));
    note.textContent = suggestions.length ? "" : "Nothing that is stored is called like this. Enter says more.";
    choose(0);
  } catch (error) {
    if (error.name === "AbortError") return;
    list.replaceChildren();
    choose(-1);
    note.textContent = "The server does not answer; type on to try again.";
  }
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
field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE_MS);
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
