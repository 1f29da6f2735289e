// The minimap sets the window of the waterfall: drag over it, click into it, or move its handles with the arrow keys.
import { openAddress } from "./tree_window.js";

const tree = document.getElementById("trace-tree");
const DRAG_MIN_PX = 5;
const CLICK_SHARE = 5; // a click on the whole trace shows a fifth of it
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }; // percent
const KEY_PAUSE_MS = 250;
let drag = null;
let waiting = 0;

const mapOf = (event) => event.target.closest?.("[data-minimap]");
const numbers = (map) => ({ length: Number(map.dataset.length), begin: Number(map.dataset.begin), end: Number(map.dataset.end) });

function setWindow(begin, end) {
  const url = new URL(location.href);
  url.searchParams.delete("offset");
  url.searchParams.set("from", String(Math.round(begin)));
  url.searchParams.set("to", String(Math.round(end)));
  openAddress(url.href);
}

function placeOf(event, map) {
  const box = map.getBoundingClientRect();
  return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
}

function draw() {
  const [left, right] = [drag.from, drag.to].sort((a, b) => a - b);
  drag.mark.style.left = `${100 * left}%`;
  drag.mark.style.width = `${100 * (right - left)}%`;
}

tree.addEventListener("pointerdown", (event) => {
  const map = mapOf(event);
  if (!map || event.button !== 0 || !Number(map.dataset.length)) return;
  const { length, begin, end } = numbers(map);
  const handle = event.target.dataset.handle;
  const at = placeOf(event, map);
  const fixed = { begin: end / length, end: begin / length }[handle] ?? at;
  const mark = document.createElement("i");
  mark.className = "map-drag";
  map.append(mark);
  drag = { map, mark, handle, x: event.clientX, from: fixed, to: at, hasMoved: false };
  map.setPointerCapture(event.pointerId);
  event.preventDefault();
  if (handle) event.target.focus({ preventScroll: true });
});

tree.addEventListener("pointermove", (event) => {
  if (!drag) return;
  drag.to = placeOf(event, drag.map);
  drag.hasMoved ||= Math.abs(event.clientX - drag.x) >= DRAG_MIN_PX;
  if (drag.hasMoved) draw();
});

function finish(isWanted) {
  if (!drag) return;
  const { map, mark, handle, from, to, hasMoved } = drag;
  drag = null;
  mark.remove();
  if (!isWanted) return;
  const { length, begin, end } = numbers(map);
  if (hasMoved) {
    const [left, right] = [from, to].sort((a, b) => a - b);
    setWindow(left * length, Math.max(right * length, left * length + 1));
  } else if (!handle) {
    const width = end - begin < length ? end - begin : length / CLICK_SHARE;
    const left = Math.min(Math.max(0, to * length - width / 2), length - width);
    setWindow(left, left + width);
  }
}

tree.addEventListener("pointerup", () => finish(true));
tree.addEventListener("pointercancel", () => finish(false));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") finish(false);
});

// A handle moves at once; the rows follow when the keys rest.
tree.addEventListener("keydown", (event) => {
  const handle = event.target.dataset?.handle;
  const map = handle && mapOf(event);
  if (!map) return;
  const { length, begin, end } = numbers(map);
  const step = Math.max(1, Math.round(length / 100));
  const at = { begin, end }[handle];
  let to = at + (STEPS[event.key] ?? 0) * step;
  if (event.key === "Home") to = handle === "begin" ? 0 : begin + step;
  if (event.key === "End") to = handle === "end" ? length : end - step;
  if (to === at && !STEPS[event.key]) return;
  event.preventDefault();
  event.stopPropagation();
  to = handle === "begin" ? Math.min(Math.max(0, to), end - 1) : Math.max(Math.min(length, to), begin + 1);
  map.dataset[handle] = String(to);
  event.target.style.left = `${(100 * to) / length}%`;
  event.target.setAttribute("aria-valuenow", String(to));
  clearTimeout(waiting);
  const wanted = { begin, end, [handle]: to };
  waiting = setTimeout(() => setWindow(wanted.begin, wanted.end), KEY_PAUSE_MS);
});
