// Shows another state of the view without loading the page anew: another part, a fold opened, another window.
const tree = document.getElementById("trace-tree");

// Lets the server make what an address shows; the address bar follows. False when it could not be had.
export async function openAddress(href) {
  try {
    await htmx.ajax("GET", href, { source: tree, target: tree });
    return true;
  } catch {
    return false; // loading.js says it
  }
}

// Opens the part "before" or "after" this one; false when there is none.
export async function openPart(which) {
  const link = tree.querySelector(`[data-window="${which}"]`);
  return link ? openAddress(link.href) : false;
}

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
    history.replaceState(history.state, "", url);
  },
  true,
);
