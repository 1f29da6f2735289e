"""Named queries: each says what it promises, and every name that the code uses exists."""

import ast
from importlib.resources import files
from pathlib import Path

import pytest

from trace_store import queries
from trace_store.queries import load

SOURCE = Path(queries.__file__).parent
QUERY_FILES = sorted(p.name.removesuffix(".sql") for p in files("trace_store").joinpath("sql").iterdir() if p.is_file())


@pytest.mark.parametrize("name", QUERY_FILES)
def test_every_query_has_a_promise_and_a_statement(name: str) -> None:
    loaded = load(name).queries
    assert loaded
    for query in loaded.values():
        assert len(query.promise) > 10, query.name
        assert query.sql, query.name


def test_names_that_the_code_uses_exist_and_all_are_used() -> None:
    used: set[tuple[str, str]] = set()
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        loaded = {alias: file for node in ast.walk(tree) for alias, file in _bindings(node)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in loaded:
                used.add((loaded[node.value.id], node.attr))
    assert used == {(file, name) for file in QUERY_FILES for name in load(file).queries}


def _bindings(node: ast.AST) -> list[tuple[str, str]]:
    """`SQL = load("x")` binds SQL; `from trace_store.y import SQL as Y_SQL` binds Y_SQL to what y loads."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and isinstance(node.targets[0], ast.Name):
        function = node.value.func
        if isinstance(function, ast.Name) and function.id == "load" and isinstance(node.value.args[0], ast.Constant):
            return [(node.targets[0].id, str(node.value.args[0].value))]
    if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("trace_store."):
        source = (SOURCE / (node.module or "").split(".", 1)[1].replace(".", "/")).with_suffix(".py")
        for alias in node.names:
            if alias.name == "SQL":
                tree = ast.parse(source.read_text(encoding="utf-8"))
                return [
                    (alias.asname or alias.name, file)
                    for n in ast.walk(tree)
                    for name, file in _bindings(n)
                    if name == "SQL"
                ]
    return []


def test_a_query_without_a_promise_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "read_sql", lambda path: "-- one --\nSELECT 1\n")
    with pytest.raises(ValueError, match="'one' does not say what it promises"):
        load("any")


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no query is called 'nonsense'"):
        _ = load("reader").nonsense


def test_queries_of_a_file_share_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = "-- part: newest --\n-- Newest first.\nORDER BY start_unix_nano DESC\n"
    query = "-- spans_of --\n-- The spans of a trace.\nSELECT span_id FROM spans\n{newest}\n"
    monkeypatch.setattr(queries, "read_sql", lambda path: shared + query)
    loaded = load("any").queries
    assert list(loaded) == ["spans_of"]
    assert loaded["spans_of"].sql == b"SELECT span_id FROM spans\nORDER BY start_unix_nano DESC"
