"""A Chromium on a real server. Without Playwright these tests are not collected (`.ci/run browser` installs it)."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.agent_run import AgentRun, support_run
from tests.fix_server import RunningServer, server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

__all__ = ["server"]

ARTIFACTS = Path(__file__).resolve().parents[2] / ".ci" / "artifacts"
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
OPTIONS = [
    *("--no-sandbox", "--headless=new", "--disable-gpu", "--disable-background-networking"),
    "--host-resolver-rules=MAP rainbarrel.test 127.0.0.1",  # an address that is not loopback
]
TIMEOUT_MS = 60_000  # of a busy machine

collect_ignore_glob = [] if importlib.util.find_spec("playwright") else ["test_*.py"]


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """One Chromium: the one of the system, else the one that Playwright downloaded."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        path = CHROMIUM if CHROMIUM.exists() else None
        started = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield started
        started.close()


@pytest.fixture
def page(browser: "Browser", request: pytest.FixtureRequest) -> Iterator["Page"]:
    """A page in a fresh profile, with the options of the mark `profile`; any error in its console fails the test."""
    mark = request.node.get_closest_marker("profile")
    options = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", **(mark.kwargs if mark else {})}
    context = browser.new_context(**options)
    context.set_default_timeout(TIMEOUT_MS)
    opened = context.new_page()
    faults: list[str] = []

    def note(message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning"):
            faults.append(f"{message.text} {message.location}")

    opened.on("console", note)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
    yield opened
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    opened.screenshot(path=ARTIFACTS / f"{request.node.name}.png")
    context.close()
    assert faults == []


@pytest.fixture(scope="session")
def run(server: RunningServer) -> AgentRun:
    """A stored run with everything that pages mark: an error, a loop, a soft error, an orphan, foreign attributes."""
    made = support_run("Where is my parcel E-5120?")
    made.store(server)
    server.wait_for_trace(made.trace_id, len(made.spans), settled=True)  # its pages do not change any more
    return made
