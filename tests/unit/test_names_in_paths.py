"""Names in paths: each leads to its own page and its own twin."""

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.requests.names_in_paths import name_in_path, name_of_path

NAMES = st.text(st.sampled_from("a./%json"), min_size=1) | st.text(min_size=1)


@given(NAMES)
def test_a_path_tells_its_name(name: str) -> None:
    path = unquote(name_in_path(name))
    assert name_of_path(path) == name
    assert not path.endswith(".json")


@given(NAMES)
def test_a_twin_tells_the_name_of_its_page(name: str) -> None:
    twin = unquote(f"{name_in_path(name)}.json")
    assert name_of_path(twin.removesuffix(".json")) == name


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("ada@example.com", "ada%40example.com"),
        ("a/b", "a%2Fb"),
        ("export.json", "export.json/"),
        ("export.json/", "export.json%2F/"),
        (".json", ".json/"),
    ],
)
def test_paths(name: str, path: str) -> None:
    assert name_in_path(name) == path
