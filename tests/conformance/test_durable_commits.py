"""Which commits of the writer wait for the disk: that of the records, which is acknowledged, and no other."""

from tests.conformance.conftest import Store
from tests.spans_made import envelope, span

NOTE_COMMITS = """
CREATE TABLE noted (number integer GENERATED ALWAYS AS IDENTITY, what text, waits text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO noted (what, waits) VALUES (TG_TABLE_NAME, current_setting('synchronous_commit'));
  RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT ON resources FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE TRIGGER note AFTER INSERT ON scopes FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE TRIGGER note AFTER INSERT ON ingest_receipts FOR EACH STATEMENT EXECUTE FUNCTION note();
"""


async def test_only_the_commit_that_is_acknowledged_waits_for_the_disk(store: Store) -> None:
    await store.sql(NOTE_COMMITS)
    resource = envelope(b"\x0a\x01r", "https://r")
    await store.commit(span(resource=resource))
    await store.commit(span(resource=resource))
    assert await store.sql("SELECT what, waits FROM noted ORDER BY number") == [
        ("resources", "off"),
        ("scopes", "off"),
        ("ingest_receipts", "on"),
        ("ingest_receipts", "on"),
    ]
