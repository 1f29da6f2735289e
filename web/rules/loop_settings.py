"""The thresholds of loops as the settings have them."""

from tool_errors.loop.loop_steps import LoopThresholds
from web.settings import Settings


def loop_thresholds(settings: Settings) -> LoopThresholds:
    """From how many repeats on repetition counts as a loop."""
    return LoopThresholds(
        repeats_min=settings.loop_repeats_min,
        waiting_repeats_min=max(settings.loop_repeats_min, settings.loop_waiting_repeats_min),
    )
