// Copy buttons: data-copy holds the text, data-copy-from points to the element that holds it, or says "location".
import { say } from "./toast.js";

export async function copy(text, words) {
  if (navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      say(words);
      return;
    } catch {
      // refused: the older way below may still be allowed
    }
  }
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  // the only way on pages that come over plain HTTP from another machine
  const done = document.execCommand("copy");
  field.remove();
  say(done ? words : "The browser does not allow copying here.");
}

function textOf(button) {
  const from = button.dataset.copyFrom;
  if (from === undefined) return button.dataset.copy;
  return from === "location" ? location.href : document.querySelector(from).textContent;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (button) copy(textOf(button), "Copied.");
});
