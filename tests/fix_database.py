"""Databases for tests: real servers, started once per run, and a fresh migrated database for every test.

Plain PostgreSQL 18 and 16 come with the project. TimescaleDB is used where its URL is given:
RAINBARREL_TEST_TIMESCALEDB_URL (Apache licence; `.ci/timescaledb up` brings one up) and
RAINBARREL_TEST_TIMESCALEDB_TSL_URL (Timescale licence).
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from trace_store.embedded import EmbeddedPostgres
from trace_store.migrate import migrate
from trace_store.tiers import Tier

URLS = {
    "timescaledb_apache": os.environ.get("RAINBARREL_TEST_TIMESCALEDB_URL"),
    "timescaledb_tsl": os.environ.get("RAINBARREL_TEST_TIMESCALEDB_TSL_URL"),
}
SERVERS = [
    "postgresql_18",
    pytest.param("postgresql_16", marks=pytest.mark.postgresql_16),
    *(pytest.param(name, marks=pytest.mark.timescaledb) for name, url in URLS.items() if url),
]
TIERS = {"timescaledb_apache": Tier.TIMESCALEDB_APACHE, "timescaledb_tsl": Tier.TIMESCALEDB_TSL}


@dataclass
class Servers:
    """The servers of this run, each started when a test first asks for it."""

    folder: Path
    stack: ExitStack
    urls: dict[str, str] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=count)

    def url(self, name: str) -> str:
        if name not in self.urls:
            self.urls[name] = URLS.get(name) or self._start(name)
        return self.urls[name]

    def _start(self, name: str) -> str:
        server = EmbeddedPostgres(self.folder / name, major=int(name.removeprefix("postgresql_")))
        self.stack.callback(server.stop)
        return server.start()

    def create(self, name: str, template: str = "template0") -> str:
        """A new database on a server; dropped at the end of the run."""
        database = f"rainbarrel_test_{os.getpid()}_{next(self.numbers)}"
        self._administer(name, "CREATE DATABASE {} TEMPLATE {}", database, template)
        self.stack.callback(self.drop, name, database)
        return make_conninfo(self.url(name), dbname=database)

    def drop(self, name: str, database: str) -> None:
        self._administer(name, "DROP DATABASE IF EXISTS {} WITH (FORCE)", database)

    def create_migrated(self, name: str) -> str:
        """A copy of a database that the migrations made once (TimescaleDB's workers sit in a template: no copy)."""
        if name in TIERS:
            database = self.create(name)
            assert migrate(database).tier is TIERS[name]
            return database
        if name not in self.templates:
            made = self.create(name)
            migrate(made)
            self.templates[name] = _name_of(made)
        return self.create(name, self.templates[name])

    def _administer(self, name: str, statement: str, *names: str) -> None:
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _name_of(conninfo: str) -> str:
    return str(conninfo_to_dict(conninfo)["dbname"])


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """All database servers of the run."""
    folder = Path(tempfile.mkdtemp(prefix="rainbarrel-db-"))
    folder.chmod(0o755)  # root's embedded PostgreSQL runs as another user, who has to pass through
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        yield Servers(folder, stack)


def _database(servers: Servers, name: str, make: str) -> Iterator[str]:
    conninfo: str = getattr(servers, make)(name)
    yield conninfo
    servers.drop(name, _name_of(conninfo))


@pytest.fixture
def database(servers: Servers) -> Iterator[str]:
    """A fresh migrated database on the embedded default, plain PostgreSQL 18."""
    yield from _database(servers, "postgresql_18", "create_migrated")


@pytest.fixture(params=SERVERS)
def any_database(servers: Servers, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh migrated database; the test runs once for every server that there is."""
    yield from _database(servers, request.param, "create_migrated")


@pytest.fixture(params=SERVERS)
def any_empty_database(servers: Servers, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh database that nothing has migrated; the test runs once for every server that there is."""
    yield from _database(servers, request.param, "create")


@pytest.fixture
def empty_database(servers: Servers) -> Iterator[str]:
    """A fresh database on plain PostgreSQL 18 that nothing has migrated."""
    yield from _database(servers, "postgresql_18", "create")
