// Loads an element anew now, or after the load under way; never more often than the server can follow.
const PAUSE_MS = 300;
const PAUSE_PER_MS = 2; // a load that took long is followed by a longer pause
const RETRY_MS = 2000;

// `address` gives the address to ask; the answer is put where the attributes of the element say.
export function refresher(element, address) {
  let isRunning = false;
  let isWanted = false;
  let isRefused = false;

  for (const name of ["htmx:responseError", "htmx:sendError"]) {
    element.addEventListener(name, (event) => {
      event.stopPropagation();
      isRefused = true; // the server or its database is away: the page keeps what it shows and tries again
    });
  }

  element.addEventListener("htmx:configRequest", ({ target, detail }) => {
    if (target === element) detail.path = address(); // it may have waited for what the reader asked for
  });
  element.addEventListener("htmx:beforeRequest", ({ target, detail }) => (detail.xhr.isRenewal = target === element));

  async function run() {
    isRunning = true;
    while (isWanted) {
      isWanted = isRefused = false;
      const began = performance.now();
      await htmx.ajax("GET", address(), { source: element, target: element }).catch(() => {});
      isWanted ||= isRefused;
      const pause = isRefused ? RETRY_MS : Math.max(PAUSE_MS, PAUSE_PER_MS * (performance.now() - began));
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    isRunning = false;
  }

  return () => {
    isWanted = true;
    if (!isRunning) run();
  };
}
