// Moves through a long tree, window by window, without loading the page anew.
import { load, show } from "./fragments.js";
import { say } from "./toast.js";

const tree = document.getElementById("trace-tree");

// Opens the window "before" or "after" this one; false when there is none.
export async function openWindow(which) {
  const link = tree.querySelector(`[data-window="${which}"]`);
  if (!link) return false;
  try {
    const html = await load(tree.dataset.fragment + new URL(link.href).search);
    history.replaceState(null, "", link.href);
    show(tree, html);
    return true;
  } catch {
    say("The server cannot be reached; try again.");
    return false;
  }
}

tree.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-window]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (!(await openWindow(link.dataset.window))) return;
  tree.querySelector("[data-scroll]").scrollTop = 0;
  tree.querySelector(".step-link")?.focus({ preventScroll: true });
});
