// Loads an element anew now, or after the load under way; never more often than the server can follow, and never while
// the reader holds the pointer down or waits for an answer.
import { countOfAsked, isBusy, isPointerHeld, untilIdle } from "./reader.js";

const PAUSE_MS = 300;
const PAUSE_PER_MS = 2; // a load that took long is followed by a longer pause
const RETRY_MS = 2000;

// `address` gives the address to ask, "" when there is nothing to renew any more; the answer is put where the attributes
// of the element say.
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

  element.addEventListener("htmx:beforeRequest", ({ target, detail }) => (detail.xhr.isRenewal = target === element));
  element.addEventListener("htmx:beforeSwap", (event) => {
    if (!event.detail.xhr.isRenewal || !isPointerHeld()) return;
    event.preventDefault();
    isWanted = true;
  });

  async function run() {
    isRunning = true;
    while (isWanted) {
      while (isBusy()) await untilIdle();
      isWanted = isRefused = false;
      const wanted = address();
      if (!wanted) break;
      const [began, asked] = [performance.now(), countOfAsked()];
      await htmx.ajax("GET", wanted, { source: element, target: element }).catch(() => {});
      isWanted ||= isRefused || asked !== countOfAsked(); // the answer may be about what was shown before
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
