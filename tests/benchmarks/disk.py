"""Bytes on disk by table with its indexes and TOAST: what was sent (raw) and what is derived from it apart."""

from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from tests.benchmarks.machine import markdown_table

TABLE_BYTES = """
SELECT coalesce(pg_partition_root(oid), oid)::regclass::text, sum(pg_table_size(oid)), sum(pg_indexes_size(oid))
FROM pg_class WHERE relnamespace = 'rainbarrel'::regnamespace AND relkind = 'r' GROUP BY 1
ORDER BY sum(pg_total_relation_size(oid)) DESC
"""
RAW_TABLES = ("spans", "span_blobs", "span_links", "log_records", "resources", "scopes", "ingest_receipts")


@dataclass(frozen=True)
class DiskUse:
    """Bytes by table, without and with its indexes."""

    tables: Mapping[str, tuple[int, int]]

    @property
    def raw(self) -> int:
        return sum(sum(sizes) for name, sizes in self.tables.items() if name in RAW_TABLES)

    @property
    def all(self) -> int:
        return sum(sum(sizes) for sizes in self.tables.values())

    def table(self, spans: int) -> str:
        """Bytes per span; tables of less than a hundredth of all are counted in the sums alone."""
        rows = [
            ["all", "", "", f"{self.all / spans:,.0f}"],
            ["raw", "", "", f"{self.raw / spans:,.0f}"],
            ["derived", "", "", f"{(self.all - self.raw) / spans:,.0f}"],
        ]
        for name, (table, indexes) in self.tables.items():
            if table + indexes >= 0.01 * self.all:
                sizes = (table, indexes, table + indexes)
                rows.append([name, *(f"{size / spans:,.0f}" for size in sizes)])
        return markdown_table(["bytes per span", "rows", "indexes", "both"], rows)


def disk_use(connection: psycopg.Connection) -> DiskUse:
    """As it stands now."""
    found = connection.execute(TABLE_BYTES).fetchall()
    return DiskUse({name.removeprefix("rainbarrel."): (int(table), int(indexes)) for name, table, indexes in found})
