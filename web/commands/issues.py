"""List what goes wrong again and again: failed and unanswered tool calls and loops, grouped, with whom they met.

Reads the database of the server that runs on the data directory, of --database-url, or of the data directory itself.
"""

import argparse
import asyncio
import sys

from starlette.datastructures import QueryParams

from tool_errors.issue_status import STATUSES
from trace_store.connections import make_pool
from trace_store.reader import TraceReader
from web.command_output import print_json, text_table
from web.filters import number, utc
from web.issues.issue_json import list_json
from web.issues.issue_parameters import KINDS, ORDERS, IssueQuery, cursor_text, read_issue_query
from web.issues.issue_reading import IssueList, read_issue_list
from web.lists.list_parameters import RANGES_S
from web.project_store import add_project_option, open_project
from web.settings import add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel issues
  rainbarrel issues --range 24h --status new --order users
  rainbarrel issues --kind loop --json

docs/issues.md explains kinds and statuses.
"""
_HEAD = ("STATUS", "KIND", "EVENTS", "USERS", "LAST SEEN", "SINCE RELEASE", "TOOL", "TITLE", "FINGERPRINT")
_NUMBERS = (2, 3)
_PARAMETERS = ("range", "status", "kind", "tool", "release", "environment", "user", "order", "limit")
TOOL_CHARS_MAX, TITLE_CHARS_MAX = 32, 72


def configure(parser: argparse.ArgumentParser) -> None:
    """Filters, order, and the form of the output."""
    parser.add_argument("--range", choices=tuple(RANGES_S), help="how far back; all that is stored unless given")
    parser.add_argument("--status", choices=STATUSES)
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--tool", metavar="NAME", help="of a loop: any of its tools")
    parser.add_argument("--release", metavar="NAME")
    parser.add_argument("--environment", metavar="NAME")
    parser.add_argument("--user", metavar="ID")
    parser.add_argument("--text", metavar="TEXT", help="occurs in the title or the tool's name")
    parser.add_argument("--order", choices=ORDERS, help="default: last_seen")
    parser.add_argument("--limit", metavar="N", help="default: 50, at most 500")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    add_project_option(parser)
    add_flags(parser, ["data_dir", "database_url"])


def run(arguments: argparse.Namespace) -> int:
    """Print the list."""
    given = {name: getattr(arguments, name) or "" for name in _PARAMETERS} | {"q": arguments.text or ""}
    with open_project(read_settings(vars(arguments)), arguments.project) as store:
        query = read_issue_query(QueryParams(given), store.project_id)
        found = asyncio.run(_read(store.conninfo, query, arguments.json))
    if arguments.json:
        print_json(list_json(found, None if found.after is None else cursor_text(found.after)))
        return 0
    print(_table(found))
    print(f"Showing {number(len(found.issues))} of {number(found.total)} issues.", file=sys.stderr)
    return 0


async def _read(conninfo: str, query: IssueQuery, with_counts: bool) -> IssueList:
    async with make_pool(conninfo, "rainbarrel issues", 1) as pool:
        return await read_issue_list(TraceReader(pool), query, with_counts=with_counts)


def _table(found: IssueList) -> str:
    lines = [list(_HEAD)]
    for issue in found.issues:
        row = issue.row
        lines.append(
            [
                *(issue.status, row.kind, number(row.events), number(issue.users)),
                utc(row.last_seen_unix_nano)[:19].replace("T", " "),
                *(row.first_release, _cut(row.tool, TOOL_CHARS_MAX), _cut(row.title, TITLE_CHARS_MAX), row.fingerprint),
            ]
        )
    return text_table(lines, _NUMBERS)


def _cut(text: str, chars_max: int) -> str:
    """One line without control characters: tools and titles come from senders."""
    line = "".join(char if char.isprintable() else " " for char in text)
    return line if len(line) <= chars_max else line[: chars_max - 1] + "…"
