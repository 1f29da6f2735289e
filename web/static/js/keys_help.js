// The keyboard help: "?" or its button opens it; Esc closes it and the focus returns by itself.
import { isTyping } from "./typing.js";

function open() {
  const help = document.getElementById("keys");
  if (help && !help.open) help.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "?" && !isTyping(event)) open();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys-help]")) open();
});
if (!document.getElementById("keys")) document.querySelector("[data-keys-help]")?.remove();
