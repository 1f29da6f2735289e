"""How a command reaches the data: the running server, a database URL, or the embedded PostgreSQL for a moment."""

import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager

from trace_store.embedded import EmbeddedPostgres
from trace_store.embedded.cluster import cluster_folder
from trace_store.exceptions import RainbarrelError
from trace_store.model import DEFAULT_PROJECT
from web.api_client import ApiClient
from web.server_file import ServerFile, read_running
from web.settings import Settings


class NothingToAttachTo(RainbarrelError):
    """No server runs and no database is named."""


@contextmanager
def open_store(settings: Settings) -> Iterator[str]:
    """The libpq URL of the database that `settings` mean, for the length of the block.

    That is --database-url, else the database of the server that runs on the data directory, else the embedded
    PostgreSQL, started for the block. Raises NothingToAttachTo when the data directory holds none.
    """
    server = read_running(settings.data_dir)
    if settings.database_url or server is not None:
        yield settings.database_url or (server.database_url if server else "")
        return
    if not cluster_folder(settings.data_dir).exists():
        raise NothingToAttachTo(
            f"There is no database in {settings.data_dir}, and no server runs on it. Start `rainbarrel serve`, or pass "
            "--data-dir or --database-url."
        )
    embedded = EmbeddedPostgres(settings.data_dir)
    conninfo = embedded.start()
    try:
        yield conninfo
    finally:
        embedded.stop()


def server_client(settings: Settings, url: str | None, project: str = DEFAULT_PROJECT) -> ApiClient:
    """A client of the server at `url`, or else of the one that runs on the data directory; with a key that opens it.

    Of its pages under `project`, unless that is the default one: then the key says which project is meant.
    """
    under = "" if project == DEFAULT_PROJECT else f"/projects/{urllib.parse.quote(project, safe='')}"
    if url:
        return ApiClient(url.rstrip("/") + under, settings.key)
    server = running_server(settings)
    return ApiClient(server.url + under, server.own_key)


def running_server(settings: Settings) -> ServerFile:
    """The server that runs on the data directory. Raises NothingToAttachTo saying how to start or name one."""
    server = read_running(settings.data_dir)
    if server is None:
        raise NothingToAttachTo(
            f"No server runs on {settings.data_dir}. Start `rainbarrel serve` in another terminal, or pass --url with "
            "the address of one (such as http://127.0.0.1:4318) or --data-dir with its folder."
        )
    return server
