// Listens to the events of the open page and passes them on as "rainbarrel:changed". Only a visible page listens,
// because browsers allow few connections to one server.
const RETRY_MS = 3000;
const url = document.querySelector("[data-events]").dataset.events;
let source = null;

function connection(isLost) {
  const note = document.getElementById("connection");
  if (note) note.hidden = !isLost;
}

function listen() {
  source?.close();
  source = new EventSource(url);
  source.addEventListener("open", () => connection(false));
  source.addEventListener("changed", (event) => {
    document.dispatchEvent(new CustomEvent("rainbarrel:changed", { detail: JSON.parse(event.data) }));
  });
  source.addEventListener("error", () => {
    connection(true);
    if (source.readyState === EventSource.CLOSED) setTimeout(listenIfVisible, RETRY_MS);
  });
}

function listenIfVisible() {
  if (document.visibilityState === "visible") listen();
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") {
    listen();
  } else {
    source?.close();
    source = null;
  }
});
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => {
  if (event.persisted) listenIfVisible();
});
listenIfVisible();
