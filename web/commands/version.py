"""Print the version of Rainbarrel."""

import argparse

from web.version import program_version

EXAMPLES = ""


def configure(parser: argparse.ArgumentParser) -> None:
    """No options."""


def run(arguments: argparse.Namespace) -> int:
    """Print one line."""
    print(f"rainbarrel {program_version()}")
    return 0
