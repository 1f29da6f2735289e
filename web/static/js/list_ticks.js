// Ticks traces of the list (or with x the one in focus); two of them lead to /compare. They outlive a renewal of the list.
import { isTyping } from "./typing.js";

const list = document.getElementById("list");
const ticked = new Set(); // trace ids, the first one ticked first
const bar = document.createElement("div");
bar.className = "ticked";
bar.hidden = true;
bar.innerHTML = '<span role="status"></span><a class="button">Compare</a><button type="button" class="button quiet">Clear</button>';
document.body.append(bar);
const [words, link, clear] = bar.children;

function tell() {
  const [a, b] = ticked;
  bar.hidden = ticked.size === 0;
  link.hidden = ticked.size !== 2;
  if (ticked.size === 1) words.textContent = "1 trace ticked; tick another to compare them";
  else words.textContent = `${ticked.size} traces ticked${ticked.size > 2 ? "; two can be compared" : ""}`;
  if (ticked.size === 2) link.href = `${document.documentElement.dataset.base}/compare?a=${a}&b=${b}`;
}

function mark() {
  for (const box of list.querySelectorAll("[data-tick]")) box.checked = ticked.has(box.value);
}

function note(box) {
  if (box.checked) ticked.add(box.value);
  else ticked.delete(box.value);
  tell();
}

list.addEventListener("change", (event) => {
  if (event.target.matches("[data-tick]")) note(event.target);
});
clear.addEventListener("click", () => {
  ticked.clear();
  mark();
  tell();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "x" || isTyping(event)) return;
  const box = document.activeElement?.closest("tr[data-trace]")?.querySelector("[data-tick]");
  if (!box) return;
  box.checked = !box.checked;
  note(box);
});
new MutationObserver(mark).observe(list, { childList: true });
addEventListener("pageshow", () => {
  for (const box of list.querySelectorAll("[data-tick]:checked")) ticked.add(box.value); // back from a comparison
  tell();
});
