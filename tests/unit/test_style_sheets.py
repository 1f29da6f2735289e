"""Style sheets: values stand in tokens.css alone, dark is the same either way, words can be read on their ground."""

import re
from collections.abc import Iterator

import pytest

from web.stylesheet import SHEETS, STATIC, VENDORED, stylesheet, stylesheet_url

TOKENS = (STATIC / "css" / "tokens.css").read_text()
LIGHT, DARK_OF_SYSTEM, DARK_CHOSEN = (
    dict(re.findall(r"(--[\w-]+): ([^;]+);", block)) for block in re.findall(r":root[^{]*\{(.*?)\n\s*\}", TOKENS, re.S)
)
THEMES = {"light": LIGHT, "dark": {**LIGHT, **DARK_CHOSEN}}
CONTRAST_MIN = 4.5  # WCAG 2.2, 1.4.3


def pairs() -> Iterator[tuple[str, str]]:
    for words in ("text", "text-2", "text-3", "accent", "error", "soft", "loop", "good", "open"):
        yield from ((words, ground) for ground in ("ground", "surface", "sunken"))
    for status in ("error", "soft", "loop", "good"):
        yield status, f"{status}-weak"
    yield from (("text", "selected"), ("text-2", "hover"), ("text-3", "selected"))


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_no_colour_stands_outside_the_tokens() -> None:
    sheets = {path.name: path.read_text() for path in (STATIC / "css").glob("*.css") if path.name != "tokens.css"}
    assert len(sheets) > 5
    assert {name: re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", text) for name, text in sheets.items()} == {
        name: [] for name in sheets
    }


def test_every_token_in_use_is_defined() -> None:
    local = {"--columns", "--depth", "--name", "--share", "--time"}
    used = {
        name for path in (STATIC / "css").glob("*.css") for name in re.findall(r"var\((--[\w-]+)", path.read_text())
    }
    assert used - set(LIGHT) - local == set()
    assert set(LIGHT) - used == set()


def test_dark_is_the_same_chosen_or_by_the_system() -> None:
    assert DARK_OF_SYSTEM == DARK_CHOSEN
    assert set(DARK_CHOSEN) <= set(LIGHT)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("words", "ground"), list(pairs()))
def test_words_can_be_read(theme: str, words: str, ground: str) -> None:
    values = THEMES[theme]
    lighter, darker = sorted((luminance(values[f"--{words}"]), luminance(values[f"--{ground}"])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= CONTRAST_MIN


def test_every_style_sheet_is_part_of_it_once() -> None:
    assert sorted(SHEETS) == sorted(path.stem for path in (STATIC / "css").glob("*.css"))
    text = stylesheet()
    assert all((STATIC / f"css/{name}.css").read_bytes() in text for name in SHEETS)
    assert all((STATIC / path).read_bytes() in text for path in VENDORED)


def test_its_address_names_its_text() -> None:
    path, _, version = stylesheet_url().partition("?v=")
    assert path == "/static/css/all.css"
    assert len(version) == 10
