"""What becomes of the subjects of a rule when its condition was looked at: ok, firing or snoozed."""

from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple


class Change(NamedTuple):
    """What has to happen to a subject."""

    what: Literal["fire", "resolve", "snooze", "forget"]
    subject: str


def changes(states: Mapping[str, str], holding: Collection[str], *, is_snoozed: bool) -> list[Change]:
    """From the states before (subjects that are not there are ok) and the subjects for which the condition holds now.

    A firing subject is told once, however often it is looked at; it can fire again after it was resolved. A snoozed one
    fires when the snooze ends and the condition still holds.
    """
    found = [
        Change("resolve" if state == "firing" else "forget", subject)
        for subject, state in states.items()
        if subject not in holding
    ]
    for subject in holding:
        state = states.get(subject, "ok")
        if state == "ok" and is_snoozed:
            found.append(Change("snooze", subject))
        elif state != "firing" and not is_snoozed:
            found.append(Change("fire", subject))
    return found
