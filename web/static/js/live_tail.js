// The live tail: rows come ready-made over one stream; new ones on top, known ones in their place, at most 200 in all.
// While it is paused the newest 200 wait; only a visible page listens.
import { untilReleased } from "./reader.js";

const ROWS_MAX = 200;
const RETRY_MS = 3000;
const body = document.getElementById("live-rows");
const state = document.querySelector("[data-tail-state]");
const button = document.querySelector("[data-pause]");
const quiet = state.textContent;
const waiting = new Map(); // trace id to row
let isPaused = false;
let source = null;

function rowsOf(html) {
  const template = document.createElement("template");
  template.innerHTML = `<table><tbody>${html}</tbody></table>`;
  return [...template.content.querySelectorAll("tr[data-trace]")];
}

function put(row) {
  const known = body.querySelector(`[data-trace="${CSS.escape(row.dataset.trace)}"]`);
  if (known?.dataset.version === row.dataset.version) return;
  const hadFocus = known?.contains(document.activeElement);
  if (known) known.replaceWith(row);
  else body.prepend(row);
  if (hadFocus) row.querySelector("a").focus({ preventScroll: true });
}

function show(rows) {
  for (const row of rows.reverse()) put(row); // the newest comes first and ends on top
  while (body.children.length > ROWS_MAX) body.lastElementChild.remove();
  document.querySelector("[data-tail-empty]")?.remove();
  htmx.trigger(body, "htmx:load");
}

function hold(rows) {
  for (const row of rows) {
    waiting.delete(row.dataset.trace);
    waiting.set(row.dataset.trace, row);
  }
  for (const oldest of waiting.keys()) {
    if (waiting.size <= ROWS_MAX) break;
    waiting.delete(oldest);
  }
  say();
}

function say() {
  const more = waiting.size === ROWS_MAX ? `the newest ${ROWS_MAX}` : String(waiting.size);
  state.textContent = isPaused ? `Paused: ${waiting.size ? more : "nothing"} waiting.` : quiet;
}

function listen() {
  if (document.visibilityState !== "visible") return;
  source = new EventSource(body.dataset.events);
  source.addEventListener("open", () => (document.getElementById("connection").hidden = true));
  source.addEventListener("rows", async (event) => {
    await untilReleased(); // a click on a row that is replaced meanwhile would be lost
    (isPaused ? hold : show)(rowsOf(event.data));
  });
  source.addEventListener("error", () => {
    document.getElementById("connection").hidden = false;
    if (source?.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS);
  });
}

function stop() {
  source?.close();
  source = null;
}

button.addEventListener("click", () => {
  isPaused = !isPaused;
  button.setAttribute("aria-pressed", String(isPaused));
  button.textContent = isPaused ? "Go on" : "Pause";
  if (!isPaused) {
    show([...waiting.values()].reverse());
    waiting.clear();
  }
  say();
});
document.addEventListener("visibilitychange", () => {
  stop();
  listen();
});
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => event.persisted && listen());
setInterval(() => {
  for (const cell of body.querySelectorAll("[data-running-since-ms]")) {
    const seconds = Math.max(0, Math.round((Date.now() - Number(cell.dataset.runningSinceMs)) / 1000));
    cell.textContent = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} m`;
  }
}, 1000);
listen();
