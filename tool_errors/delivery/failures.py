"""What a failed attempt is told by."""

from trace_store.exceptions import RainbarrelError


class DeliveryFailed(RainbarrelError):
    """The endpoint did not take the message."""

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s  # the endpoint asked for so much patience


class TargetRefused(DeliveryFailed):
    """The address is none that channels may send to."""
