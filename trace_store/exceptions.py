"""Every error that the store raises; the class docstring is the default message.

RainbarrelError
├── StoreUnavailable          retry the same request later
│   ├── StoreFull
│   ├── StoreReadOnly
│   └── QueryTimeout          a read took too long: ask for less
├── SpanRejected              permanent: this span can never be stored
├── SchemaMismatch            the database and this version of Rainbarrel do not fit
└── EmbeddedServerError       the embedded PostgreSQL cannot run
    └── DataDirectoryInUse
"""


class RainbarrelError(Exception):
    """Something went wrong."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())


class StoreUnavailable(RainbarrelError):
    """The database cannot be reached right now."""


class StoreFull(StoreUnavailable):
    """The database has no disk space left; free space or lower --retention-days, nothing was stored."""


class StoreReadOnly(StoreUnavailable):
    """The database can only be read: its disk is read-only or closed to it, or it is a standby; nothing was stored."""


class QueryTimeout(StoreUnavailable):
    """The query took too long and was stopped; narrow its time range or its filters."""


class SpanRejected(RainbarrelError):
    """The database refuses this span; the rest of the batch is stored."""


class SchemaMismatch(RainbarrelError):
    """The database schema does not fit this version of Rainbarrel."""


class EmbeddedServerError(RainbarrelError):
    """The embedded PostgreSQL cannot run."""


class DataDirectoryInUse(EmbeddedServerError):
    """Another Rainbarrel already runs on this data directory."""
