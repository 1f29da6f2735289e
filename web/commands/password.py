"""Make the hash of the password that administrators sign in with, for --password-hash or RAINBARREL_PASSWORD_HASH.
Reads the password from the terminal, or a line of standard input.
"""

import argparse
import getpass
import sys

from trace_store.exceptions import RainbarrelError
from web.signing_in.passwords import hash_password

EXAMPLES = """\
examples:
  rainbarrel password
  export RAINBARREL_PASSWORD_HASH=$(rainbarrel password < password.txt)
"""
CHARACTERS_MIN = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Nothing: a password on a command line could be read by everybody on the machine."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Print the hash."""
    del arguments
    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Again: ") != password:
            raise RainbarrelError("The two are not the same.")
    else:
        password = sys.stdin.readline()
    password = password.strip()
    if len(password) < CHARACTERS_MIN:
        raise RainbarrelError(f"A password needs {CHARACTERS_MIN} characters or more.")
    print(hash_password(password))
    return 0
