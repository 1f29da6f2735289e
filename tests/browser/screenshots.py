"""Makes the pictures of the README from the demo: `python -m tests.browser.screenshots`.

A server of its own, the runs of `rainbarrel demo`, the pages in light or dark, as WebP files in docs/images.
"""

import base64
import sys
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page, ViewportSize, sync_playwright

from tests.browser.conftest import CHROMIUM, OPTIONS
from tests.fix_server import RunningServer, running_server
from tests.run_cli import rainbarrel

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
SIZE: ViewportSize = {"width": 1280, "height": 800}
QUALITY = 78
Scheme = Literal["light", "dark"]
TOTAL_BYTES_MAX = 600_000


def main() -> int:
    """Write the pictures, and say how large they are; 1 when they are too large for a repository."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with running_server() as server, sync_playwright() as playwright:
        done = rainbarrel("demo", "--url", server.url, "--no-live")
        if done.returncode:
            raise SystemExit(done.stderr.decode())
        path = CHROMIUM if CHROMIUM.exists() else None
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        for name, (address, scheme) in pages_of(server).items():
            page = browser.new_page(viewport=SIZE, color_scheme=scheme, locale="en-GB", reduced_motion="reduce")
            page.goto(server.url + address)
            page.wait_for_load_state()
            save(page, IMAGES / f"{name}.webp")
            page.close()
        browser.close()
    sizes = {path.name: path.stat().st_size for path in sorted(IMAGES.glob("*.webp"))}
    for name, size in sizes.items():
        print(f"{size:8,} bytes  docs/images/{name}")
    print(f"{sum(sizes.values()):8,} bytes in all, {TOTAL_BYTES_MAX:,} at most")
    return int(sum(sizes.values()) > TOTAL_BYTES_MAX)


def pages_of(server: RunningServer) -> dict[str, tuple[str, Scheme]]:
    """Address and colour scheme by the name of the picture."""
    listed = server.get("/api/traces?loops=1").json()["traces"]
    looping = listed[0]["trace_id"]
    server.wait_for_trace(looping, 1, settled=True)
    issues = server.get("/api/issues").json()["issues"]
    issue = next(each["fingerprint"] for each in issues if each["kind"] != "loop")
    return {
        "overview": ("/", "light"),
        "traces": ("/traces", "light"),
        "trace": (f"/traces/{looping}", "light"),
        "transcript": (f"/traces/{looping}?view=transcript", "dark"),
        "issue": (f"/issues/{issue}", "light"),
    }


def save(page: Page, file: Path) -> None:
    """A picture of what a reader sees without scrolling."""
    session = page.context.new_cdp_session(page)
    shot = session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    file.write_bytes(base64.b64decode(shot["data"]))


if __name__ == "__main__":
    sys.exit(main())
