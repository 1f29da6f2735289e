"""Serve the tools of /mcp over standard input and output, for coding agents that start their MCP servers themselves.

Forwards to the server that runs on the data directory, or to --url; the tools are those of docs/mcp.md.
"""

import argparse

from trace_store.exceptions import RainbarrelError
from web.attach import server_client
from web.processes.logs import set_up_logs
from web.project_store import add_project_option
from web.settings import CLIENT_TLS, add_flags, read_settings

EXAMPLES = """\
examples:
  rainbarrel mcp
  rainbarrel mcp --url https://traces.example.com --key rb_read_...
  claude mcp add rainbarrel -- rainbarrel mcp

Standard output carries the protocol alone; what goes wrong is said on standard error.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Which server."""
    parser.add_argument("--url", help="address of the server (default: the one that runs on the data directory)")
    add_project_option(parser)
    add_flags(parser, ["data_dir", "key", *CLIENT_TLS])


def run(arguments: argparse.Namespace) -> int:
    """Forward until standard input ends."""
    set_up_logs("mcp", "warning")
    client = server_client(read_settings(vars(arguments)), arguments.url, arguments.project)
    client.get_json("/api/stats")  # says in a sentence when nothing answers or the key does not fit
    from web.mcp_server.stdio import forward  # the SDK takes a second to import

    try:
        forward(f"{client.url}/mcp", client.key, client.ssl_context())
    except* OSError as errors:
        raise RainbarrelError(f"The connection to {client.url} broke: {errors.exceptions[0]}.") from None
    return 0
