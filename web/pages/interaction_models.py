"""What the templates of interactions and users are given."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """Something that came with an interaction. Images and frames are linked, never loaded."""

    kind: str
    role: str
    name: str
    language: str
    text: str  # of code and text, at most ATTACHMENT_CHARS_MAX characters
    left_out: int  # characters
    url: str  # of an image or a frame, when it is a web address


@dataclass(frozen=True, slots=True)
class FeedbackView:
    """A signal that the application posted."""

    name: str
    type: str
    tone: str  # good, bad or plain
    detail: str  # a comment, the text after an edit, what an agent reports
    is_self_diagnostic: bool


@dataclass(frozen=True, slots=True)
class ContextView:
    """One value of an interaction's `$context`."""

    name: str  # its path, joined by dots
    text: str  # at most CONTEXT_CHARS_MAX characters
    left_out: int  # characters


@dataclass(frozen=True, slots=True)
class InteractionView:
    """One interaction where it stands among others."""

    event_id: str
    event_url: str  # everything that is known of it, as JSON
    name: str
    user_id: str
    user_url: str
    conversation_id: str
    conversation_url: str
    start_unix_nano: int
    is_pending: bool
    is_from_spans: bool
    model: str
    question: str
    answer: str
    question_note: str  # why it is not whole, "" when it is
    answer_note: str
    error_count: int
    soft_error_count: int
    loop_count: int
    tool_call_count: int
    attachments: tuple[AttachmentView, ...]
    feedback: tuple[FeedbackView, ...]
    trace_urls: tuple[str, ...]
    feature_flags: tuple[tuple[str, str], ...]  # name and value
    context: tuple[ContextView, ...]  # at most CONTEXT_VALUES_MAX
    context_left_out: int  # values


@dataclass(frozen=True, slots=True)
class UserRowView:
    """One line of the list of users."""

    user_id: str
    url: str
    traits: str  # the first of them, in a line
    first_seen_unix_nano: int
    last_seen_unix_nano: int
    interaction_count: int


@dataclass(frozen=True, slots=True)
class UsersPage:
    """The list of users."""

    users: tuple[UserRowView, ...]
    total: int  # of the project, without the search
    text: str  # searched for
    json_url: str
    later_url: str  # "" on the last page


@dataclass(frozen=True, slots=True)
class UserPage:
    """One user."""

    user: UserRowView
    traits: tuple[tuple[str, str], ...]
    interactions: tuple[InteractionView, ...]
    json_url: str
    later_url: str
