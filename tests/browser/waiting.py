"""Waiting for what is derived after it was acknowledged: a page that does not renew itself is opened then."""

import re
import time
from typing import TYPE_CHECKING

from tests.fix_server import RunningServer

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

DEADLINE_S = 120.0  # of a busy machine
NOTHING_WAITS = re.compile(r"^rainbarrel_dirty_marks 0$", re.MULTILINE)


def wait_until_derived(server: RunningServer) -> None:
    """Returns once nothing that the server has acknowledged waits for the processor: every page shows it then.

    GET /api/traces/{trace_id} answers from the spans and may be earlier than lists, figures, issues and users.
    """
    deadline = time.monotonic() + DEADLINE_S
    while not NOTHING_WAITS.search(told := server.get("/metrics").text):
        assert time.monotonic() < deadline, told
        time.sleep(0.05)


def reload_until_there(page: "Page", wanted: "Locator") -> None:
    """Loads a page that does not renew itself again, until it shows what is wanted."""
    deadline = time.monotonic() + DEADLINE_S
    while not wanted.count():
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        page.wait_for_timeout(200)
        page.reload()
