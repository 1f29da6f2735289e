"""`rainbarrel COMMAND`: finds the command's file in web/commands, parses its options, turns errors into sentences.

Exit codes: 0 done; 1 not (fully) done, a sentence on standard error says why; 2 wrong usage; 130 interrupted (Ctrl-C).
`check` has its own for 1 and 2, see there.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from trace_store.exceptions import RainbarrelError
from web.version import program_version

# name -> (module in web.commands, one line for --help)
COMMANDS = {
    "serve": ("serve", "start everything: database, receivers, processor and pages"),
    "demo": ("demo", "send a sample support agent to the running server"),
    "doctor": ("doctor", "check a running server from end to end, and say what to do"),
    "inspect": ("inspect", "derive traces from OTLP files, without a server"),
    "check": ("check", "a gate for CI: fail when traces hold errors, loops or too much cost"),
    "compare-otlp": ("compare_otlp", "compare what is stored with an OTLP export of another backend"),
    "rules": ("rules", "list the rules that decide whether a tool call worked"),
    "issues": ("issues", "list what goes wrong again and again, grouped"),
    "prices": ("prices", "show what calls of models cost, and why"),
    "signals": ("signals", "list, try, add, switch and remove keywords and patterns of your own"),
    "alerts": ("alerts", "list, add, back-test and snooze alert rules"),
    "export": ("export", "write a stored trace as OTLP, unchanged"),
    "export-test": ("export_test", "write a failed tool call as a pytest file"),
    "import": ("import_", "store the traces and logs of OTLP files"),
    "reprocess": ("reprocess", "derive stored traces again, after an upgrade or with other mappings"),
    "channels": ("channels", "list, add, test and remove the channels that messages go to"),
    "mcp": ("mcp", "answer coding agents over MCP on standard input and output"),
    "keys": ("keys", "make, list and revoke access keys"),
    "projects": ("projects", "list, create, archive and restore projects"),
    "erase-user": ("erase_user", "erase a user and everything that is theirs"),
    "password": ("password", "make the hash of the password that administrators sign in with"),
    "migrate": ("migrate", "bring a database to the schema of this version"),
    "backup": ("backup", "write the whole database to a file"),
    "restore": ("restore", "fill a new database from such a file"),
    "receive": ("receive", "only the OTLP receivers, on a shared database"),
    "process": ("process", "only the processor, on a shared database"),
    "web": ("web", "only pages and query API, on a shared database"),
    "version": ("version", "print the version"),
}
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] not in COMMANDS:
        return _overview(words)
    try:
        code = _run(words[0], words[1:])
        sys.stdout.flush()
    except RainbarrelError as error:
        print(f"rainbarrel {words[0]}: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _run(name: str, words: list[str]) -> int:
    module = import_module(f"web.commands.{COMMANDS[name][0]}")
    parser = argparse.ArgumentParser(
        prog=f"rainbarrel {name}",
        description=module.__doc__,
        epilog=module.EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.configure(parser)
    code: int = module.run(parser.parse_args(words))
    return code


def _overview(words: list[str]) -> int:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {text}" for name, (_, text) in COMMANDS.items()]
    parser = argparse.ArgumentParser(
        prog="rainbarrel",
        usage="rainbarrel COMMAND [OPTION...]",
        description="Stores the OpenTelemetry traces of AI agents and shows what went wrong in them.\n\ncommands:\n"
        + "\n".join(lines),
        epilog="Start with `rainbarrel serve`. `rainbarrel COMMAND --help` explains a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"rainbarrel {program_version()}")
    if words and not words[0].startswith("-"):
        parser.error(f"there is no command {words[0]!r}; the commands are {', '.join(COMMANDS)}")
    parser.parse_args(words)
    parser.print_help()
    return 0 if words else 2


if __name__ == "__main__":
    sys.exit(main())
