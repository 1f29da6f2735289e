"""The one table of settings: it feeds the command line, the RAINBARREL_* environment and docs/settings.md.

A setting is a field of `Settings`. A flag wins over the environment, the environment over the default. Settings are
read once, at the start; a change needs a restart. No other file of the project reads the environment.
"""

import argparse
import dataclasses
import difflib
import os
import urllib.parse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trace_store.embedded.data_directory import default_data_dir
from trace_store.exceptions import RainbarrelError
from trace_store.failpoints import check_failpoints
from web.signing_in.oidc_people import OidcSettings, check_address, read_people
from web.signing_in.passwords import check_hash
from web.trace.trace_links import read_link_templates

PREFIX = "RAINBARREL_"
MIB = 1024 * 1024
PROCESSORS_MAX = 4  # that are started without being asked for
_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"", "0", "false", "no", "off"}


class BadSetting(RainbarrelError):
    """A setting has a value that it cannot have."""


def _port(text: str) -> int:
    return _number(text, 0, 65535, "a port number (0 picks a free port)")


def _count(text: str) -> int:
    return _number(text, 1, 64, "a number of processes")


def _days(text: str) -> int:
    return _number(text, 1, 36500, "a number of days")


def _repeats(text: str) -> int:
    return _number(text, 2, 1000, "a number of repeats")


def _projects(text: str) -> int:
    return _number(text, 1, 10_000, "a number of projects")


def _queries(text: str) -> int:
    return _number(text, 0, 1_000_000, "a number of questions (0: no limit)")


def _days_or_none(text: str) -> int:
    return _number(text, 0, 36500, "a number of days (0: no limit)")


def _number(text: str, low: int, high: int, what: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not {what}") from None
    if not low <= value <= high:
        raise ValueError(f"{value} is not {what} between {low} and {high}")
    return value


def _mib(text: str) -> int:
    """Bytes; `64MiB` and `64M` are understood as well."""
    for suffix, factor in (("gib", 1024 * MIB), ("mib", MIB), ("g", 1024 * MIB), ("m", MIB)):
        if text.lower().endswith(suffix):
            return _number(text[: -len(suffix)].strip(), 1, 2**63 // factor - 1, "a size") * factor
    return _number(text, 1, 2**63 - 1, "a size in bytes, such as 67108864 or 64MiB")


def _mib_or_none(text: str) -> int:
    return 0 if text == "0" else _mib(text)


def _folder(text: str) -> Path:
    if not text:
        raise ValueError("the name of the folder is empty")
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:  # an unknown user in ~user
        raise ValueError(f"{text!r} names no folder: {error}") from None


def _file(text: str) -> Path | None:
    """A file to read; no text, no file."""
    return Path(text).expanduser().absolute() if text else None


def _paths(text: str) -> str:
    return os.pathsep.join(str(_folder(part)) for part in text.split(os.pathsep) if part)


def _trace_links(text: str) -> str:
    """Pairs with white space between them, as they are: pages read them again."""
    read_link_templates(text)
    return " ".join(text.split())


def _conninfo(text: str) -> str:
    # here: the driver would take most of the time of a command that needs no database
    from trace_store.connections import conninfo_fault

    if reason := conninfo_fault(text):
        raise ValueError(f"no connection string, such as postgresql://user@host:5432/database: {reason}")
    return text


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a number of seconds") from None
    if not 0 <= value <= 86400:
        raise ValueError(f"{text} is not a number of seconds between 0 and 86400")
    return value


def _flag(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError(f"{text!r} is neither true nor false")
    return text.lower() in _TRUE


def _web_url(text: str) -> str:
    parts = urllib.parse.urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment):
        raise ValueError(f"{text!r} is no address of pages, such as https://rainbarrel.example.com")
    return text.rstrip("/")


def _issuer(text: str) -> str:
    return check_address(text) if text else ""


def _people(text: str) -> str:
    return ",".join(read_people(text))


def _level(text: str) -> str:
    if text.lower() not in {"debug", "info", "warning", "error"}:
        raise ValueError(f"{text!r} is none of debug, info, warning, error")
    return text.lower()


def _log_format(text: str) -> str:
    if text.lower() not in {"text", "json"}:
        raise ValueError(f"{text!r} is neither text nor json")
    return text.lower()


def _default_processors() -> int:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(1 + cores // 2, PROCESSORS_MAX)


def _setting(default: Any, parse: Callable[[str], Any], metavar: str, text: str, *, shown: str = "") -> Any:
    metadata = {"parse": parse, "metavar": metavar, "help": text, "shown": shown}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its default; units stand in the names."""

    host: str = _setting("127.0.0.1", str, "ADDRESS", "address to listen on; all but loopback need access keys")
    grpc_port: int = _setting(4317, _port, "PORT", "port for OTLP over gRPC; 0 picks a free one")
    http_port: int = _setting(
        4318, _port, "PORT", "port for OTLP over HTTP, the query API and the pages; 0: a free one"
    )
    data_dir: Path = _setting(  # noqa: RUF009  # makes a field with a default factory
        default_data_dir,
        _folder,
        "DIR",
        "folder of the embedded PostgreSQL and of server.json",
        shown="the user's data folder; /var/lib/rainbarrel for root",
    )
    database_url: str = _setting(
        "", _conninfo, "URL", "PostgreSQL or TimescaleDB to use instead of the embedded PostgreSQL", shown="embedded"
    )
    workers: int = _setting(1, _count, "N", "front processes, which receive spans and serve pages")
    processors: int = _setting(
        _default_processors,
        _count,
        "N",
        "processors, which derive what pages show",
        shown="one more than half of the cores, at most 4",
    )
    retention_days: int = _setting(30, _days, "N", "days that spans are kept")
    insecure: bool = _setting(
        False, _flag, "", "need no access keys on a --host that other machines reach: anyone there reads and writes"
    )
    keyless_loopback: bool = _setting(
        False, _flag, "", "where keys are needed, need none from this machine itself; not behind a proxy on it"
    )
    password_hash: str = _setting(
        "",
        check_hash,
        "HASH",
        "of the password that administrators sign in with: `rainbarrel password` makes it",
        shown="none",
    )
    oidc_issuer: str = _setting(
        "", _issuer, "URL", "OpenID Connect provider that people sign in at: docs/sign_in.md", shown="none"
    )
    oidc_client_id: str = _setting("", str, "ID", "what that provider calls this Rainbarrel", shown="none")
    oidc_client_secret: str = _setting("", str, "SECRET", "with which it knows this Rainbarrel", shown="none")
    oidc_admins: str = _setting(
        "",
        _people,
        "PEOPLE",
        "who may do everything: e-mail addresses and @domains, separated by commas",
        shown="nobody",
    )
    oidc_readers: str = _setting("", _people, "PEOPLE", "who may read everything and change nothing", shown="nobody")
    key: str = _setting(
        "", str, "KEY", "access key that demo, doctor, check and mcp send to the server of --url", shown="none"
    )
    projects_max: int = _setting(
        100, _projects, "N", "projects up to which one that is named for the first time is made by what is sent to it"
    )
    request_bytes_max: int = _setting(
        64 * MIB, _mib, "BYTES", "largest OTLP request, before and after decompression", shown="64MiB"
    )
    queue_bytes_max: int = _setting(
        256 * MIB, _mib, "BYTES", "requests that may wait for their commit, per front process", shown="256MiB"
    )
    ingest_bytes_per_minute: int = _setting(
        0,
        _mib_or_none,
        "BYTES",
        "bytes, as they arrive, that a key, or all without one, may send to a front process in a minute; 0: no limit",
    )
    settle_delay_s: float = _setting(
        3.0, _seconds, "SECONDS", "quiet time after which a trace counts as complete once its root has ended"
    )
    orphan_settle_delay_s: float = _setting(
        30.0, _seconds, "SECONDS", "the same for a trace whose root has not ended or never came"
    )
    loop_repeats_min: int = _setting(
        3, _repeats, "N", "calls of one tool, or rounds of a cycle, from which on repetition counts as a loop"
    )
    loop_waiting_repeats_min: int = _setting(
        10, _repeats, "N", "the same while results say that something is still under way, or calls are 30 s apart"
    )
    prices: Path | None = _setting(  # noqa: RUF009  # as above
        None,
        _file,
        "FILE",
        "TOML file of prices of models that extends the shipped one: docs/prices.md",
        shown="none",
    )
    tool_rules: Path | None = _setting(  # noqa: RUF009  # as above
        None,
        _file,
        "FILE",
        "TOML file of rules for the results of your own tools: docs/tool_errors.md",
        shown="none",
    )
    own_traces: str = _setting(
        "",
        _web_url,
        "URL",
        "OTLP/HTTP endpoint of another backend that gets spans of Rainbarrel's own work: docs/metrics.md",
        shown="none",
    )
    tls_certificate: Path | None = _setting(  # noqa: RUF009  # as above
        None,
        _file,
        "FILE",
        "PEM certificate, with its chain, with which both ports speak TLS; commands show it to the server of --url",
        shown="none",
    )
    tls_key: Path | None = _setting(  # noqa: RUF009  # as above
        None, _file, "FILE", "PEM key of that certificate, without a password", shown="in the certificate's file"
    )
    tls_client_ca: Path | None = _setting(  # noqa: RUF009  # as above
        None,
        _file,
        "FILE",
        "PEM certificates of CAs: whoever connects has to show a certificate of one of them (mutual TLS)",
        shown="none",
    )
    tls_ca: Path | None = _setting(  # noqa: RUF009  # as above
        None,
        _file,
        "FILE",
        "PEM certificates of CAs that commands trust at the https address of --url",
        shown="those of the system",
    )
    drain_timeout_s: float = _setting(15.0, _seconds, "SECONDS", "how long a stop waits for requests under way")
    public_url: str = _setting(
        "",
        _web_url,
        "URL",
        "what the links in messages begin with: where readers reach the pages",
        shown="the address that serve listens on",
    )
    private_targets: bool = _setting(
        False, _flag, "", "let channels send to private addresses; else to public ones, and to loopback in local mode"
    )
    mappings: str = _setting(
        "",
        _paths,
        "FILE",
        "your own mappings: a TOML file or a folder of *.toml; repeatable (the variable lists them like PATH)",
        shown="none",
    )
    queries_per_minute: int = _setting(
        0,
        _queries,
        "N",
        "questions under /v1 that a key, or an address without one, may ask a front process in a minute; 0: no limit",
    )
    search_days_max: int = _setting(
        0, _days_or_none, "N", "days that a search of events may reach over; 0: no limit. Raindrop has 14"
    )
    trace_links: str = _setting(
        "",
        _trace_links,
        "NAME=URL",
        "where another backend shows the same trace: docs/links.md; repeatable (the variable separates them by spaces)",
        shown="none",
    )
    failpoints: str = _setting(
        "",
        check_failpoints,
        "PLACE=ACTION",
        "for tests of crashes: where a process ends or stops on purpose (docs/reliability.md)",
        shown="none",
    )
    log_level: str = _setting("info", _level, "LEVEL", "debug, info, warning or error")
    log_format: str = _setting("text", _log_format, "FORMAT", "text, or json: one object a line")

    @property
    def scheme(self) -> str:
        """Of the addresses of both ports."""
        return "https" if self.tls_certificate else "http"

    @property
    def oidc(self) -> OidcSettings:
        """Where people sign in, and who may."""
        people = read_people(self.oidc_admins), read_people(self.oidc_readers)
        return OidcSettings(self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret, *people)


CLIENT_TLS = ("tls_ca", "tls_certificate", "tls_key")  # of commands that talk to the server of --url


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table."""

    name: str
    default: str  # as text for help and docs
    metavar: str
    help: str
    parse: Callable[[str], Any]

    @property
    def flag(self) -> str:
        """Its option, such as --http-port."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """Its environment variable, such as RAINBARREL_HTTP_PORT."""
        return PREFIX + self.name.upper()


def _row(entry: "dataclasses.Field[Any]") -> Setting:
    meta = entry.metadata
    default = str(entry.default).lower() if isinstance(entry.default, bool) else str(entry.default)
    return Setting(entry.name, meta["shown"] or default, meta["metavar"], meta["help"], meta["parse"])


TABLE: tuple[Setting, ...] = tuple(_row(entry) for entry in dataclasses.fields(Settings))


def add_flags(parser: argparse.ArgumentParser, names: Sequence[str]) -> None:
    """Give `parser` the options of the named settings."""
    rows = {setting.name: setting for setting in TABLE}
    for name in names:
        row = rows[name]
        if row.parse is _flag:
            parser.add_argument(row.flag, action="store_const", const="true", default=None, help=row.help)
        elif row.parse in (_paths, _trace_links):
            parser.add_argument(row.flag, metavar=row.metavar, action="append", default=None, help=row.help)
        else:
            parser.add_argument(
                row.flag, metavar=row.metavar, default=None, help=f"{row.help} (default: {row.default})"
            )


def read_settings(flags: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from parsed flags (None: not given) and the environment; raises BadSetting naming what is wrong."""
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    for row in TABLE:
        text, source = flags.get(row.name), row.flag
        if text is None:
            text, source = environment.get(row.variable), row.variable
        if text is None:
            continue
        if isinstance(text, list):
            text = (os.pathsep if row.parse is _paths else " ").join(text)
        try:
            values[row.name] = row.parse(text)
        except ValueError as error:
            raise BadSetting(f"{source}: {error}.") from None
    settings = Settings(**values)
    if settings.oidc.fault:
        raise BadSetting(settings.oidc.fault)
    return settings


def unknown_variables(environment: Mapping[str, str] | None = None) -> list[str]:
    """A sentence for each RAINBARREL_* variable that is no setting (RAINBARREL_TEST_* belongs to the tests)."""
    environment = os.environ if environment is None else environment
    known = [row.variable for row in TABLE]
    strangers = [
        name for name in sorted(environment) if name.startswith(PREFIX) and not name.startswith(PREFIX + "TEST_")
    ]
    return [
        f"{name} is no setting and has no effect" + "".join(f"; did you mean {near}?" for near in _near(name, known))
        for name in strangers
        if name not in known
    ]


def _near(name: str, known: list[str]) -> list[str]:
    return difflib.get_close_matches(name, known, n=1)


def child_environment(settings: Settings, database_url: str) -> dict[str, str]:
    """Our environment plus all settings: a child gets them this way since every user can read a command line.

    The child imports the same packages as we do and nothing from the folder that it is started in (with `python -P`).
    """
    environment = dict(os.environ)
    for row in TABLE:
        value = getattr(settings, row.name)
        environment[row.variable] = "" if value is None else str(value)
    environment["RAINBARREL_DATABASE_URL"] = database_url
    packages = str(Path(__file__).resolve().parents[1])
    rest = environment.get("PYTHONPATH")
    environment["PYTHONPATH"] = packages + (os.pathsep + rest if rest else "")
    return environment
