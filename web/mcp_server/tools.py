"""The tools of the MCP server, in words from which an agent can choose: what each answers, when another is better."""

from web.mcp_server import single_reads
from web.mcp_server.listing import CONVERSATIONS, EVENTS, ISSUES, SEARCH, SIGNALS, TRACES, USERS
from web.mcp_server.payloads import PARTS
from web.mcp_server.tool import McpTool, Schema, choice, flag, text, whole
from web.trace.trace_files import FILE_PARTS

INSTRUCTIONS = (
    "Rainbarrel stores what AI agents did. A user has conversations; a conversation has events (a question "
    "and its answer); an event has traces (everything the agent did for it); a trace has spans, of which tool "
    "calls fail or loop. An issue is the same failure met again and again. Begin with list_issues for what "
    "goes wrong most, with search_events for what users said, with list_traces(steps=...) for what agents "
    "did, or with get_user for one person; then get_trace, which tells failures first, then get_span for "
    "payloads. Everything is read-only, and no answer is longer than its token_budget: follow cursors, "
    "handles in [brackets] and offsets for more."
)
RANGES = ("15m", "1h", "24h", "7d", "30d")
LIMIT = whole("How many rows at most, 50 unless given.", 1, 200)
CURSOR = text("The cursor that the page before gave, to go on behind it.")
SINCE = text("Only from this time on, ISO 8601 in UTC, as 2026-01-31T00:00:00Z.")
UNTIL = text("Only before this time, ISO 8601 in UTC.")
RANGE = choice("How far back from now.", *RANGES)
RELEASE = text("Only of this release (service.version), as 1.4.0.")
TRACE_ID = text("32 hexadecimal digits; event_id may be given in its place.")
EVENT_ID = text("The id of an event; its first trace is taken.")
OFFSET = whole("The first character to read, 0 unless given; the answer before told the next one.", 0, 10**9)
LENGTH = whole("How many characters; as many as the budget holds unless given.", 1, 10**9)
PAGE: dict[str, Schema] = {"limit": LIMIT, "cursor": CURSOR}
EVENT_FILTERS: dict[str, Schema] = {
    "user_id": text("Only of this user."),
    "conversation_id": text("Only of this conversation."),
    "event_name": text("Only events of this name, as chat."),
    "tool": text("Only events whose agent called this tool."),
    "tool_error": text("true: some tool failed; false: none; or the name of a tool that failed."),
    "loop": text("true: the agent repeated itself without progress; false; or the name of a tool in the loop."),
    "signal": text("Only where this signal was met: an id or name from list_signals, as thumbs_down."),
    "model": text("Only of this model."),
    "release": RELEASE,
    "environment": text("Only of this environment, as production."),
    "since": SINCE,
    "until": UNTIL,
}
TOOLS = (
    McpTool(
        "list_issues",
        "List issues",
        "What goes wrong again and again, grouped: failed and unanswered tool calls, broken argument schemas, "
        "loops; with how often, how many users, since which release. Begin here for 'what is broken?'. For "
        "single occurrences use list_traces(issue=FINGERPRINT).",
        {
            "range": RANGE,
            "kind": choice("", "tool_error", "soft_error", "unanswered", "schema_violation", "loop"),
            "status": choice("", "new", "ongoing", "regressed", "ignored", "resolved"),
            "tool": text("Only issues of this tool."),
            "release": RELEASE,
            "user_id": text("Only what this user met."),
            "text": text("Occurs in the title or the tool's name."),
            "order": choice("last_seen unless given.", "last_seen", "events", "users"),
            "since": SINCE,
            "until": UNTIL,
            **PAGE,
        },
        ISSUES.answer,
    ),
    McpTool(
        "get_issue",
        "Get an issue",
        "One issue: its trend, releases, users, environments, and the newest examples with message, arguments "
        "and trace_id. Use it after list_issues, and get_trace on an example next.",
        {"fingerprint": text("From list_issues or get_span(part=error)."), "range": RANGE},
        single_reads.get_issue,
        ("fingerprint",),
    ),
    McpTool(
        "list_events",
        "List events",
        "Events (one question of a user and its answer), newest first, by filters: of a user, a conversation, "
        'with failed tools, loops or signals. Example: user_id="ada", tool_error="true". To look for words '
        "use search_events; for what agents did step by step use list_traces.",
        {**EVENT_FILTERS, "order": choice("timestamp: oldest first.", "-timestamp", "timestamp"), **PAGE},
        EVENTS.answer,
    ),
    McpTool(
        "search_events",
        "Search events",
        "Events whose question or answer holds all words of a query (refund* finds beginnings of words), or matches a "
        'pattern with mode="regex", which needs since. For filters without words use list_events.',
        {
            "query": text('Words, as "refund order", or an RE2 pattern.'),
            "mode": choice("text unless given.", "text", "regex"),
            "search_in": choice("Both unless given.", "user_input", "assistant_output"),
            **EVENT_FILTERS,
            **PAGE,
        },
        SEARCH.answer,
        ("query",),
    ),
    McpTool(
        "get_event",
        "Get an event",
        "One event: question, answer, tool calls with their status, signals, attachments, properties, "
        "trace_ids. Long texts are cut: part, offset and length read them whole. For what the agent did use "
        "get_trace(event_id).",
        {
            "event_id": text("As list_events, search_events or get_trace tell it."),
            "part": choice("Read one text in slices.", *single_reads.EVENT_PARTS),
            "offset": OFFSET,
            "length": LENGTH,
        },
        single_reads.get_event,
        ("event_id",),
    ),
    McpTool(
        "list_conversations",
        "List conversations",
        "Conversations, those with the newest message first, with message and signal counts. Use it to find a "
        "conversation of a user; to find one by what was said use search_events.",
        {"user_id": text("Only of this user."), "since": SINCE, "until": UNTIL, **PAGE},
        CONVERSATIONS.answer,
    ),
    McpTool(
        "get_conversation",
        "Get a conversation",
        "A conversation and its events in order: questions, answers, failed tools, signals, trace_ids. Use it "
        "to follow how one went wrong, then get_trace(event_id) on the event that failed.",
        {"conversation_id": text("As list_conversations or an event's convo_id tell it."), **PAGE},
        single_reads.get_conversation,
        ("conversation_id",),
    ),
    McpTool(
        "list_traces",
        "List traces",
        "Traces (runs of an agent), newest first, by failures, loops, tool, issue, text, or by what happened "
        "in them: steps is a line such as 'search_docs failed then search_docs again then gave up', "
        "'Edit failed 5 times', 'any unanswered', 'glob failed then bash within 30s', 'never refund', "
        "'pay failed then recovered'. Use list_events to go by users.",
        {
            "steps": text("Steps with `then` between: a tool or any, and failed, ok, unanswered, N times, within 30s."),
            "errors": flag("true: only with a failed span or tool call."),
            "loops": flag("true: only with a loop."),
            "tool": text("Only traces that call this tool."),
            "issue": text("A fingerprint: only traces where this issue was met."),
            "text": text("Occurs in question, answer, names, arguments or error messages."),
            "conversation_id": text("Only of this conversation."),
            "release": RELEASE,
            "range": RANGE,
            "since": SINCE,
            "until": UNTIL,
            **PAGE,
        },
        TRACES.answer,
    ),
    McpTool(
        "get_trace",
        "Get a trace",
        "What an agent did, failures first: question, answer, user, release, tokens and cost; each failed "
        "tool call with derived status, rule, error and handle; loops with what they wasted; then the tree, "
        "folded to the budget. Use it before get_span. Large traces: section=failures, under=HANDLE (a "
        "subtree) and after=HANDLE (go on) show the rest.",
        {
            "trace_id": TRACE_ID,
            "event_id": EVENT_ID,
            "section": choice("all unless given.", "all", "failures", "tree"),
            "under": text("A handle: only what lies below it."),
            "after": text("A handle: go on behind it."),
        },
        single_reads.get_trace,
    ),
    McpTool(
        "get_span",
        "Get a span",
        "One span or tool call by its handle from get_trace. Without part: what it has, with sizes and "
        "beginnings. With part: characters of the whole payload from offset on. Use it for the arguments, "
        "result or error of a failed call.",
        {
            "trace_id": TRACE_ID,
            "event_id": EVENT_ID,
            "span": text("A handle in brackets from get_trace, as 00f067aa0ba902b7."),
            "part": choice("Which payload to read.", *PARTS),
            "offset": OFFSET,
            "length": LENGTH,
        },
        single_reads.get_span,
        ("span",),
    ),
    McpTool(
        "trace_as_file",
        "Get a trace as a file",
        "An address, good for 15 minutes and without a key, of the whole trace as JSON (at most 25 MB). Use "
        "it to work on a trace with jq or a script; to read about it use get_trace.",
        {
            "trace_id": TRACE_ID,
            "event_id": EVENT_ID,
            "part": choice("all unless given; failures: the tool calls that did not work.", *FILE_PARTS),
        },
        single_reads.trace_as_file,
    ),
    McpTool(
        "list_signals",
        "List signals",
        "What is watched for in events: one's own keywords and patterns, tools that fail, loops, and what "
        "applications post (thumbs_down). Then get_signal.",
        PAGE,
        SIGNALS.answer,
    ),
    McpTool(
        "get_signal",
        "Get a signal",
        "What one signal watches for, and the newest events where it was met. Use it after list_signals or on a "
        "signal that an event has.",
        {"signal": text("An id or a name from list_signals, as thumbs_down or tool_error:search."), **PAGE},
        single_reads.get_signal,
        ("signal",),
    ),
    McpTool(
        "list_tools",
        "List tools",
        "The tools that agents called: calls, errors, soft errors, unanswered, retries, durations, looping "
        "calls, callers. Use it for 'which tool fails most?'; get_tool tells how.",
        {
            "range": RANGE,
            "limit": LIMIT,
            "cursor": whole("The cursor that the page before gave.", 0, 10**6),
        },
        single_reads.list_tools,
    ),
    McpTool(
        "get_tool",
        "Get a tool",
        "One tool: calls, errors, durations and callers, the issues that it has most, and how models were last "
        "told of it (description and schema). Use it for 'why does this tool fail?', then get_issue.",
        {"tool": text("The name, as list_tools tells it."), "range": RANGE},
        single_reads.get_tool,
        ("tool",),
    ),
    McpTool(
        "list_users",
        "List users",
        "Users, those seen last first, with traits and counts. Then get_user for one.",
        {"user_id": text("Occurs in the id."), "since": SINCE, "until": UNTIL, **PAGE},
        USERS.answer,
    ),
    McpTool(
        "get_user",
        "Get a user",
        "Who a user is (traits, first and last seen) and the newest events with failures. For the user's "
        "conversations use list_conversations(user_id).",
        {"user_id": text("The whole id, as list_users or an event tell it."), **PAGE},
        single_reads.get_user,
        ("user_id",),
    ),
)
BY_NAME = {tool.name: tool for tool in TOOLS}
