"""A server that has stored nothing yet says how to send the first span, and what it says works."""

import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.fix_server import RunningServer, running_server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def new_server() -> Iterator[RunningServer]:
    with running_server() as started:
        yield started


def test_the_command_of_the_empty_list_fills_it(page: Page, new_server: RunningServer) -> None:
    page.goto(f"{new_server.url}/traces")
    expect(page.get_by_role("heading", level=2)).to_contain_text("appear here as soon as their first span arrives")
    expect(page.locator("#recipe-env")).to_contain_text(new_server.grpc_endpoint)
    expect(page.locator("#recipe-demo")).to_contain_text(f"rainbarrel demo --url {new_server.url}")
    command = page.locator("#recipe-curl").text_content()
    assert command is not None
    subprocess.run(["sh", "-c", command], check=True, timeout=60, capture_output=True)
    row = page.locator(".traces tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("hello-agent")
    expect(page.get_by_text("Showing 1 of 1 trace")).to_be_visible()
