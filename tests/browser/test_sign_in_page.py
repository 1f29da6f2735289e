"""Signing in at an address of plain HTTP that is not loopback: there a form tells its origin and no more."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.agent_run import support_run
from tests.fix_server import RunningServer, running_server
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider
from tests.run_cli import rainbarrel

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture(scope="module")
def exposed(provider: Provider) -> Iterator[RunningServer]:
    client = ("--oidc-client-id", CLIENT_ID, "--oidc-client-secret", CLIENT_SECRET, "--oidc-readers", "@example.com")
    with running_server("--host", "0.0.0.0", "--oidc-issuer", provider.issuer, *client) as server:
        yield server


def test_from_the_first_key_to_a_key_of_a_project(page: Page, exposed: RunningServer) -> None:
    url = exposed.url.replace("127.0.0.1", "rainbarrel.test")
    key = exposed.admin_key()
    page.goto(f"{url}/traces?errors=1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to Rainbarrel")
    page.get_by_label("A read or admin key").fill(str(key))
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{url}/traces?errors=1")
    assert rainbarrel("projects", "create", "shop", "--data-dir", exposed.data_dir).returncode == 0
    page.goto(f"{url}/settings/keys")
    page.get_by_label("Name").fill("checkout agent")
    expect(page.locator("select[name=project] option", has_text="shop")).to_have_count(1)
    page.locator("select[name=project]").select_option("shop")
    page.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("region", name="Your new key")).to_contain_text("cannot be shown again")
    made = page.locator("#new-key").inner_text()
    run = support_run("Where is my parcel?")
    run.send(exposed, *run.spans, key=made)
    page.get_by_text("Project default").click()
    page.get_by_role("link", name="shop", exact=True).click()
    expect(page).to_have_url(f"{url}/projects/shop/traces")
    page.get_by_role("link", name="Where is my parcel?").first.click()
    expect(page).to_have_url(re.compile(f"{url}/projects/shop/traces/{run.trace_id}"))
    expect(page.get_by_text("Project shop")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to Rainbarrel")


@pytest.mark.profile(viewport={"width": 375, "height": 800}, color_scheme="dark")
def test_a_narrow_dark_page(page: Page, exposed: RunningServer) -> None:
    page.goto(f"{exposed.url}/settings/keys")
    key = exposed.admin_key()
    page.get_by_label("A read or admin key").fill(str(key))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Keys")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_to_the_provider_and_back(page: Page, exposed: RunningServer, provider: Provider) -> None:
    url = exposed.url.replace("127.0.0.1", "rainbarrel.test")
    provider.redirect_uri = f"{url}/sign-in/provider/answer"
    page.goto(f"{url}/issues?kind=loop")
    page.get_by_role("link", name="Sign in with 127.0.0.1").click()
    page.get_by_label("Address").fill("ada@example.com")
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(f"{url}/issues?kind=loop")
    expect(page.get_by_text("ada@example.com")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to Rainbarrel")
