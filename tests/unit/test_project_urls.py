"""The project in addresses: taken off what comes in, put back on what goes out, user text left alone."""

import pytest

from web.requests.project_urls import URL_PREFIX, location_with_prefix, split_path, with_prefix


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("/traces", ("", "/traces")),
        ("/projects/shop/traces/x", ("shop", "/traces/x")),
        ("/projects/shop", ("shop", "/")),
        ("/projects/shop/", ("shop", "/")),
        ("/projects/", ("", "/")),
        ("/projectsx", ("", "/projectsx")),
    ],
)
def test_paths(path: str, parts: tuple[str, str]) -> None:
    assert split_path(path) == parts


def test_links() -> None:
    page = (
        '<a href="/traces?x=1">a</a> <form method="post" action="/alerts"> <a href="/static/a.css"> <a href="//x"> '
        '<a href="/projects/other/traces"> <a href="https://x"> <i data-copy="/etc/hosts"> &#34; href=&#34;/x'
    )
    assert with_prefix(page) == page
    token = URL_PREFIX.set("/projects/shop")
    try:
        expected = page.replace('"/traces?', '"/projects/shop/traces?').replace('"/alerts', '"/projects/shop/alerts')
        assert with_prefix(page) == expected
        assert location_with_prefix("/alerts/1?done=saved") == "/projects/shop/alerts/1?done=saved"
        assert location_with_prefix("/sign-in?next=%2F") == "/sign-in?next=%2F"
        assert location_with_prefix("//evil.example") == "//evil.example"
        assert location_with_prefix("https://x/") == "https://x/"
    finally:
        URL_PREFIX.reset(token)
