// Runs a refresh now, or after the one under way; never more often than the server can follow.
const PAUSE_MS = 300;
const PAUSE_PER_MS = 2; // a refresh that took long is followed by a longer pause
const RETRY_MS = 2000;

export function refresher(refresh) {
  let isRunning = false;
  let isWanted = false;

  async function run() {
    isRunning = true;
    while (isWanted) {
      isWanted = false;
      const began = performance.now();
      let pause = RETRY_MS;
      try {
        await refresh();
        pause = Math.max(PAUSE_MS, PAUSE_PER_MS * (performance.now() - began));
      } catch {
        isWanted = true; // the server or its database is away: the page keeps what it shows and tries again
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    isRunning = false;
  }

  return () => {
    isWanted = true;
    if (!isRunning) run();
  };
}
