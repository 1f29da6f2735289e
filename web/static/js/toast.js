// A short message at the foot of the window, read out by screen readers.
const SHOWN_MS = 2200;
let timer = 0;

export function say(words) {
  const toast = document.getElementById("toast");
  toast.textContent = words;
  toast.classList.add("is-shown");
  clearTimeout(timer);
  timer = setTimeout(() => toast.classList.remove("is-shown"), SHOWN_MS);
}
