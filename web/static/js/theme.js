// The button that switches between light and dark; the choice is kept in this browser.
const dark = matchMedia("(prefers-color-scheme: dark)");

function current() {
  return document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light");
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-theme-toggle]")) return;
  const next = current() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  document.dispatchEvent(new CustomEvent("rainbarrel:theme"));
  try {
    localStorage.setItem("rainbarrel-theme", next);
  } catch {
    // storage is switched off: the choice lasts as long as the page
  }
});
