// Whether a key press belongs to a field, a dialog or the browser, and is no shortcut of ours.
export function isTyping(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return true;
  return Boolean(document.querySelector("dialog[open]") || event.target.closest?.("input:not([type=checkbox]), select, textarea"));
}
