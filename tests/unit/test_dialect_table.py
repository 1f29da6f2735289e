"""The table of docs/dialects.md is what its command would write today."""

from tests.dialect_table import DOCS, with_table


def test_the_table_in_the_docs_is_current() -> None:
    """After a change: python -m tests.dialect_table, read the diff, explain what is missed below the table."""
    page = DOCS.read_text()
    assert page == with_table(page)
