// A click anywhere in a row opens its trace; text that is being marked, and the link itself, stay the browser's.
const list = document.getElementById("list");

list.addEventListener("click", (event) => {
  const link = event.target.closest("tr[data-trace]")?.querySelector(".question a");
  if (!link || event.target.closest("a, button, label, input") || !getSelection().isCollapsed) return;
  if (event.ctrlKey || event.metaKey) window.open(link.href, "_blank", "noopener");
  else location.assign(link.href);
});
