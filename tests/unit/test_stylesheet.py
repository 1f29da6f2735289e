"""The style sheets of all pages as one."""

from web.stylesheet import SHEETS, STATIC, stylesheet, stylesheet_url


def test_every_style_sheet_is_part_of_it_once() -> None:
    assert sorted(SHEETS) == sorted(path.stem for path in (STATIC / "css").glob("*.css"))
    text = stylesheet()
    assert all((STATIC / f"css/{name}.css").read_bytes() in text for name in SHEETS)


def test_its_address_names_its_text() -> None:
    path, _, version = stylesheet_url().partition("?v=")
    assert path == "/static/css/all.css"
    assert len(version) == 10
