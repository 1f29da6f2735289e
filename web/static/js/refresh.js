// Runs a refresh now, or after the one under way; never more often than the server can follow.
const PAUSE_MS = 300;
const PAUSE_PER_MS = 2; // a refresh that took long is followed by a longer pause

export function refresher(refresh) {
  let isRunning = false;
  let isWanted = false;

  async function run() {
    isRunning = true;
    while (isWanted) {
      isWanted = false;
      const began = performance.now();
      try {
        await refresh();
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
        // the server is away; its next event starts another refresh
      }
      const pause = Math.max(PAUSE_MS, PAUSE_PER_MS * (performance.now() - began));
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    isRunning = false;
  }

  return () => {
    isWanted = true;
    if (!isRunning) run();
  };
}
