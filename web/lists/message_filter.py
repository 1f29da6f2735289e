"""The parameters of the lists of interactions and conversations: from the URL to a filter of the store and back."""

from collections.abc import Mapping
from dataclasses import dataclass

from trace_store.interactions.interaction_reads import Place
from trace_store.lists.message_lists import MessageFilter
from web.lists.list_parameters import YES, range_begin
from web.lists.places import read_place
from web.requests.page_urls import url_with


@dataclass(frozen=True, slots=True)
class MessageQuery:
    """What a list was asked for."""

    shown: dict[str, str]  # q, range, user, errors and loops as they stand in the URL, "" for none
    wanted: MessageFilter
    before: str

    @property
    def is_set(self) -> bool:
        """Whether anything is filtered."""
        return any(self.shown.values())

    def after(self, first: Place) -> Place:
        """Where the page begins; `first` is before everything."""
        return read_place(self.before) if self.before else first

    def url(self, path: str, before: str = "") -> str:
        """The URL of the same list, from `before` on."""
        return url_with(path, self.shown | {"before": before})


def read_message_query(parameters: Mapping[str, str], project_id: int) -> MessageQuery:
    """Read the parameters of a project's list; BadRequest with a sentence for a value that it does not know."""
    shown = {name: parameters.get(name, "").strip() for name in ("q", "range", "user")}
    shown |= {name: "1" if parameters.get(name, "").lower() in YES else "" for name in ("errors", "loops")}
    wanted = MessageFilter(
        project_id,
        since_unix_nano=range_begin(shown["range"]) or 0,
        text=shown["q"].replace("\0", ""),
        user_id=shown["user"].replace("\0", "") or None,
        errors_only=bool(shown["errors"]),
        loops_only=bool(shown["loops"]),
    )
    return MessageQuery(shown, wanted, parameters.get("before", ""))
