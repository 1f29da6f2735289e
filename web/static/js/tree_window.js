// Shows another state of the view without loading the page anew: another part, a fold opened, another window.
import { load, show } from "./fragments.js";
import { say } from "./toast.js";

const tree = document.getElementById("trace-tree");

// Puts what the server made of an address in place; the address bar says what is shown.
export async function openAddress(href) {
  const url = new URL(href, location.href);
  try {
    const html = await load(tree.dataset.fragment + url.search);
    history.replaceState(null, "", url);
    show(tree, html);
    const shown = tree.querySelector("[data-address]")?.dataset.address;
    if (shown) history.replaceState(null, "", document.documentElement.dataset.base + shown);
    return true;
  } catch {
    say("The server cannot be reached; try again.");
    return false;
  }
}

// Opens the part "before" or "after" this one; false when there is none.
export async function openPart(which) {
  const link = tree.querySelector(`[data-window="${which}"]`);
  return link ? openAddress(link.href) : false;
}

tree.addEventListener("click", async (event) => {
  const link = event.target.closest("[data-window], [data-open]");
  if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  const label = link.getAttribute("aria-label") ?? link.textContent;
  if (!(await openAddress(link.href))) return;
  if (link.dataset.window) {
    tree.querySelector("[data-scroll]").scrollTop = 0;
    tree.querySelector(".step-link")?.focus({ preventScroll: true });
  } else if (!link.closest(".row")) {
    const links = [...tree.querySelectorAll("[data-open]")];
    links.find((one) => (one.getAttribute("aria-label") ?? one.textContent) === label)?.focus({ preventScroll: true });
  }
});

// The transcript folds by itself; the address keeps what is open.
tree.addEventListener(
  "toggle",
  (event) => {
    const fold = event.target.dataset?.foldId;
    if (!fold) return;
    const url = new URL(location.href);
    const open = new Set((url.searchParams.get("unfold") ?? "").split(",").filter(Boolean));
    if (event.target.open) open.add(fold);
    else open.delete(fold);
    if (open.size) url.searchParams.set("unfold", [...open].sort().join(","));
    else url.searchParams.delete("unfold");
    history.replaceState(null, "", url);
  },
  true,
);
