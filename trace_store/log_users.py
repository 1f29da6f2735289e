"""Whom a log record names, read without understanding the rest of it: what an erased user's records are known by."""

from functools import cache

from google.protobuf.message import DecodeError
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord


def users_named(otlp: bytes) -> set[str]:
    """The texts in the attributes of an OTLP LogRecord in which dialects look for the id of a user."""
    keys = _user_attributes()
    try:
        attributes = LogRecord.FromString(otlp).attributes
    except DecodeError:
        return set()
    return {kept.value.string_value for kept in attributes if kept.key in keys and kept.value.string_value}


@cache
def _user_attributes() -> frozenset[str]:
    from trace_store.dialects import REGISTRY  # the write path loads them only once somebody was erased

    own = {key for dialect in REGISTRY for key in dialect.fields.get("user_id", ())}
    told = (record.keys for dialect in REGISTRY for kinds in dialect.records.values() for record in kinds)
    return frozenset(own | {key for keys in told for key, said in keys.items() if said == "user.id"})
