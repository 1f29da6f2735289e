// Runs before the first paint: says that scripts work, and applies the theme that was chosen earlier.
(function () {
  const root = document.documentElement;
  root.classList.add("has-script");
  try {
    const chosen = localStorage.getItem("rainbarrel-theme");
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  } catch {
    // storage is switched off: the system's theme stays
  }
})();
