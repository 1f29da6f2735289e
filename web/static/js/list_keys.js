// Keys of the list: j and k move through the traces, / goes to the search field. Enter is the link's own.
import { isTyping } from "./typing.js";

const links = () => [...document.querySelectorAll(".traces .question a")];

function move(step) {
  const all = links();
  const row = document.activeElement?.closest(".traces tr");
  const at = all.findIndex((link) => link.closest("tr") === row);
  const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step));
  all[next]?.focus();
}

document.addEventListener("keydown", (event) => {
  const search = document.querySelector("[data-search]");
  if (event.key === "Escape" && event.target === search) {
    search.blur();
    return;
  }
  if (isTyping(event)) return;
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "/") {
    event.preventDefault();
    search.focus();
    search.select();
  }
});

// a filter applies as soon as it is chosen
document.querySelector(".filter").addEventListener("change", (event) => {
  if (event.target.matches("select, [type=checkbox]")) event.target.form.requestSubmit();
});
// empty fields stay out of the address
document.querySelector(".filter").addEventListener("submit", (event) => {
  for (const field of event.target.elements) if (field.name && !field.value) field.disabled = true;
});
addEventListener("pageshow", () => {
  for (const field of document.querySelector(".filter").elements) field.disabled = false;
});
