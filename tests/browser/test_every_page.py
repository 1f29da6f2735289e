"""Every page there is: accessible in light and dark, as narrow as a phone, and whatever people write stays text."""

import json
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page, ViewportSize

from tests.browser.conftest import TIMEOUT_MS
from tests.browser.every_page import all_pages
from tests.browser.planted import MARK, plant
from tests.fix_server import running_server

pytestmark = pytest.mark.browser

DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 375, "height": 800}
STEPS_OPENED = 12
LINKS = ("--trace-links", "Datadog=https://dd.example/{trace_id_decimal} Our_own_Jaeger=https://j.example/{trace_id}")
RULES_OF_COLOUR = ["color-contrast", "link-in-text-block"]  # nothing else differs between light and dark
UNFOLD = "document.querySelectorAll('details').forEach(part => part.open = true)"
PAGES_MIN = 28
SHOW_TEXTS = (  # these must show what was planted: else the walk would prove nothing
    "/",
    "/traces",
    "/traces/{trace_id}",
    "/traces/{trace_id}?view=transcript",
    "/traces/{trace_id}?view=tree&find=e&only=tools",
    "/traces/{trace_id}?view=graph",
    "/interactions",
    "/tool-calls",
    "/spans",
    "/conversations",
    "/conversations/{name}",
    "/issues",
    "/issues/{fingerprint}",
    "/tools",
    "/tools/{name}",
    "/users",
    "/users/{name}",
    "/signals",
    "/alerts",
    "/alerts/{rule_id}",
    "/settings/channels",
    "/settings/dialects",
    "/settings/verdicts",
    "/settings/prices",
    "/compare?a={trace_id}&b={trace_id}",
    "/compare/cohorts?by=user&a={user}&b={user}",
    "/jump?to=img",
    "/live",
)
# elements and attributes that only injected markup would have made
INJECTED = """() => [
  ...document.querySelectorAll('img[src="x"], main script, iframe:not([sandbox])'),
  ...[...document.querySelectorAll('*')].filter(element =>
    [...element.attributes].some(({name, value}) =>
      name.startsWith('on') || /^(href|src|action|formaction)$/.test(name) && /^\\s*javascript:/i.test(value))),
].map(element => element.outerHTML.slice(0, 200))"""
WEIGHT_MAX = 300_000  # bytes as sent, of the page and all that it loads
WEIGHT = """() => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .reduce((bytes, entry) => bytes + entry.encodedBodySize, 0)"""
REFUSALS = """addEventListener('securitypolicyviolation',
  event => console.error(`the policy refused ${event.violatedDirective} ${event.blockedURI}`))"""


@pytest.fixture(scope="module")
def pages() -> Iterator[dict[str, str]]:
    """URL by pattern, of all pages of a server that holds nothing but what was planted."""
    with running_server("--orphan-settle-delay-s", "2", *LINKS) as server:
        found = all_pages(server, plant(server))
        assert len(found) >= PAGES_MIN, sorted(found)
        yield {pattern: server.url + address for pattern, address in found.items()}


class Visitor:
    """A tab, and what its page complains of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.on("console", lambda said: self.faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("dialog", self._refuse)
        page.add_init_script(REFUSALS)

    def open(self, url: str) -> Page:
        """Loads the page; that an error page answers with an error is no fault."""
        self.faults = []
        answer = self.page.goto(url)
        if answer is not None and not answer.ok:
            self.faults = [fault for fault in self.faults if f"status of {answer.status}" not in fault]
        return self.page

    def open_everything(self) -> None:
        """What scripts put into the page later: panes of steps, tabs, folded parts."""
        page = self.page
        page.evaluate(UNFOLD)
        for step in page.locator(".row:not(.is-missing)", has=page.locator("a.step-link[href]")).all()[:STEPS_OPENED]:
            span = step.get_attribute("data-span")
            step.locator("a.step-link").first.click()
            page.locator(f'article.detail[data-span="{span}"]').wait_for()
            for tab in page.locator("#trace-detail").get_by_role("tab").all():
                tab.click()

    def _refuse(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture(scope="module")
def visitor(browser: Browser) -> Iterator[Visitor]:
    """One profile for all pages: what they share is loaded once."""
    context = browser.new_context(viewport=DESK, reduced_motion="reduce")  # colours change at once
    context.set_default_timeout(TIMEOUT_MS)
    yield Visitor(context.new_page())
    context.close()


def looks(pages: dict[str, str]) -> dict[str, str]:
    """Pages that are built differently: a filter changes no layout."""
    return {
        pattern: url
        for pattern, url in pages.items()
        if "?" not in pattern or re.search("[?](view|measure|failures|a|by)=", pattern)
    }


def test_whatever_people_write_stays_text(visitor: Visitor, pages: dict[str, str]) -> None:
    found: dict[str, list[str]] = {}
    for pattern, url in pages.items():
        page = visitor.open(url)
        if pattern in SHOW_TEXTS and MARK not in page.locator("body").inner_text():
            visitor.faults.append("nothing of what was planted is shown")
        visitor.open_everything()
        found[pattern] = visitor.faults + page.evaluate(INJECTED)
    assert {pattern: faults for pattern, faults in found.items() if faults} == {}


def test_no_page_has_a_serious_finding_of_axe(visitor: Visitor, pages: dict[str, str]) -> None:
    found = {}
    for pattern, url in looks(pages).items():
        page = visitor.open(url)
        page.evaluate(UNFOLD)
        for scheme, options in (("light", {}), ("dark", {"runOnly": {"type": "rule", "values": RULES_OF_COLOUR}})):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for violation in Axe().run(page, options={"resultTypes": ["violations"], **options}).response["violations"]:
                if violation["impact"] in ("serious", "critical"):
                    nodes = [(node["target"], node["failureSummary"]) for node in violation["nodes"][:3]]
                    found[f"{pattern} in {scheme}: {violation['id']} x {len(violation['nodes'])}"] = nodes
    assert not found, json.dumps(found, indent=1)


def test_no_page_scrolls_sideways_on_a_phone(visitor: Visitor, pages: dict[str, str]) -> None:
    visitor.page.set_viewport_size(PHONE)
    too_wide = {}
    for pattern, url in looks(pages).items():
        width = visitor.open(url).evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            too_wide[pattern] = width
    visitor.page.set_viewport_size(DESK)
    assert too_wide == {}


def test_no_page_weighs_more_than_300_kb(visitor: Visitor, pages: dict[str, str]) -> None:
    weights = {pattern: visitor.open(url).evaluate(WEIGHT) for pattern, url in pages.items()}
    assert min(weights.values()) > 5000  # what is shared counts though the browser has it already
    assert {pattern: weight for pattern, weight in weights.items() if weight > WEIGHT_MAX} == {}
