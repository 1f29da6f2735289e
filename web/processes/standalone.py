"""A role that runs without `serve`, on a database that is shared."""

import logging
import os
from functools import partial
from typing import TYPE_CHECKING

from trace_store.exceptions import RainbarrelError
from web.processes.front import FrontPlan, serve_front
from web.processes.logs import set_up_logs
from web.processes.ports import Ports, authority, open_http, open_ports
from web.processes.role import run_role
from web.settings import Settings

if TYPE_CHECKING:
    from web.tls.files import TlsFiles

log = logging.getLogger(__name__)


def require_database(settings: Settings) -> str:
    """The database's URL. Raises RainbarrelError without one: an embedded PostgreSQL belongs to `serve`."""
    if not settings.database_url:
        raise RainbarrelError(
            "Pass --database-url (or RAINBARREL_DATABASE_URL) with the database that the roles share; to run "
            "everything on one machine, use `rainbarrel serve`."
        )
    return settings.database_url


def read_tls(settings: Settings) -> "TlsFiles | None":
    """The files of TLS, with a warning about their time; None without TLS. Raises BadTlsFile before anything starts."""
    if not (settings.tls_certificate or settings.tls_key or settings.tls_client_ca):
        return None
    from web.tls.files import read_tls_files  # what it needs takes a while to load

    files = read_tls_files(settings)
    if files and (sentence := files.warning()):
        log.warning("%s", sentence)
    return files


def run_front(role: str, settings: Settings, *, has_receivers: bool, has_pages: bool) -> int:
    """Serve one role until stopped; the exit code."""
    set_up_logs(role, settings.log_level, settings.log_format)
    conninfo = require_database(settings)
    read_tls(settings)
    ports: Ports | None = None
    if has_receivers:
        ports = open_ports(settings.host, settings.http_port, settings.grpc_port)
        listener, grpc_port = ports.http, ports.grpc_port
        log.info("OTLP over gRPC at %s://%s", settings.scheme, authority(settings.host, grpc_port))
    else:
        listener, grpc_port = open_http(settings.host, settings.http_port), None
    what = "OTLP over HTTP" if has_receivers else "pages and query API"
    place = authority(settings.host, listener.getsockname()[1])
    log.info("%s at %s://%s; Ctrl-C stops", what, settings.scheme, place)
    plan = FrontPlan(settings, conninfo, listener, grpc_port, has_pages, os.getpid())
    try:
        return run_role(partial(serve_front, plan))
    finally:
        listener.close()
        if ports:
            ports.close()
