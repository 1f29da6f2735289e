"""Turns psycopg's errors into this project's, by SQLSTATE; the only place that does."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import errors

from trace_store.disk_full import says_disk_full
from trace_store.exceptions import (
    QueryTimeout,
    RainbarrelError,
    SchemaMismatch,
    SpanRejected,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)

_RETRY_CLASSES = {
    "08",
    "25",
    "40",
    "53",
    "55",
    "57",
    "58",
    "XX",
}  # connection, transaction state, resources, operator, I/O
_FILE_REFUSED = re.compile(r"could not \w+.* (file|directory) ")  # which PostgreSQL calls a lack of privilege
_DATA_CLASSES = {"22", "23", "54"}  # bad value, constraint, program limit


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raises StoreUnavailable, StoreFull, SpanRejected, QueryTimeout or SchemaMismatch instead of psycopg's errors."""
    try:
        yield
    except psycopg.Error as error:
        raise _translated(error) from error


def _translated(error: psycopg.Error) -> RainbarrelError:
    text = str(error).strip() or type(error).__name__
    state = error.sqlstate or ""
    if isinstance(error, errors.DiskFull) or (state[:2] in _RETRY_CLASSES and says_disk_full(text)):
        return StoreFull(f"{StoreFull.__doc__} The database says: {text}")
    if isinstance(error, errors.ReadOnlySqlTransaction) or _is_closed_file(error, text):
        return StoreReadOnly(f"{StoreReadOnly.__doc__} The database says: {text}")
    if isinstance(error, errors.QueryCanceled):
        return QueryTimeout(f"{QueryTimeout.__doc__} The database says: {text}")
    if state[:2] in _DATA_CLASSES:
        return SpanRejected(f"The database refuses this data: {text}")
    if isinstance(error, errors.InsufficientPrivilege):
        return SchemaMismatch(f"The database role lacks a right: {text}. Let the role own the database or its schema.")
    if isinstance(error, errors.UndefinedTable | errors.UndefinedColumn | errors.InvalidSchemaName):
        return SchemaMismatch(f"The database holds no fitting schema: {text}. Run `rainbarrel migrate`.")
    if state[:2] in _RETRY_CLASSES or isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return StoreUnavailable(f"{StoreUnavailable.__doc__} The database says: {text}")
    return RainbarrelError(f"The database refuses a statement of Rainbarrel: {text}")


def _is_closed_file(error: psycopg.Error, text: str) -> bool:
    """Whether PostgreSQL may not write its own files: EROFS, EACCES and EPERM become insufficient_privilege there.

    Source: errcode_for_file_access() in PostgreSQL's elog.c.
    """
    return isinstance(error, errors.InsufficientPrivilege) and _FILE_REFUSED.search(text) is not None
