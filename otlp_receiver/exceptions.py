"""Why a whole request is refused; single bad records are no exceptions but `Rejections`.

RainbarrelError
├── RequestRefused                permanent: the same request can never succeed
│   ├── MalformedBody             undecodable protobuf, JSON or compression
│   ├── BodyTooLarge              before or after decompression
│   ├── BodyTimeout               the body did not arrive
│   ├── UnsupportedMedia          content type or content encoding
│   ├── UnknownPath
│   ├── MethodNotAllowed
│   ├── BadProject                the name of a project does not fit its rule
│   ├── Unauthenticated           a key is missing, unknown or revoked
│   └── PermissionDenied          a good key, and not for this
├── Overloaded                    retryable: the byte budget is spent
├── SentTooMuch                   retryable: the key has sent as much as it may in a minute
└── AddressInUse                  a receiver cannot listen
"""

from trace_store.exceptions import RainbarrelError


class RequestRefused(RainbarrelError):
    """The request can never be accepted as it is; sending it again does not help."""


class MalformedBody(RequestRefused):
    """The request body cannot be decoded."""


class BodyTooLarge(RequestRefused):
    """The request body is larger than the limit; send smaller batches."""


class BodyTimeout(RequestRefused):
    """The request body did not arrive in time."""


class UnsupportedMedia(RequestRefused):
    """The content type or content encoding is not one that Rainbarrel reads."""


class UnknownPath(RequestRefused):
    """Nothing is served here; OTLP/HTTP is sent to /v1/traces and /v1/logs."""


class MethodNotAllowed(RequestRefused):
    """OTLP/HTTP is sent by POST."""


class BadProject(RequestRefused):
    """This is no name of a project."""


class Unauthenticated(RequestRefused):
    """An access key is needed."""


class PermissionDenied(RequestRefused):
    """This key is not for that."""


class Overloaded(RainbarrelError):
    """Too many bytes wait to be stored."""


class SentTooMuch(RainbarrelError):
    """This key has sent as much as it may in a minute."""

    def __init__(self, bytes_per_minute: int, wait_s: int) -> None:
        self.wait_s = wait_s
        super().__init__(
            f"More than {bytes_per_minute} bytes in a minute: send this again in {wait_s} s. "
            "Whoever runs this server sets the limit by --ingest-bytes-per-minute."
        )


class AddressInUse(RainbarrelError):
    """Another program listens on this port; choose another one."""
