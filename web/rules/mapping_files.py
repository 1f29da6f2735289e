"""The mapping files of --mappings: where they are, and what stands in them."""

import os
from pathlib import Path

from tool_errors.rules import read_mapping_sources
from trace_store.dialects.mapping_file import BadMapping


def read_mapping_files(paths: str) -> list[tuple[str, str]]:
    """Name and text of every file that `paths` (separated like PATH; a folder means its *.toml) names, checked.

    Raises BadMapping naming file, entry and what to do.
    """
    sources = [(file.name, _text(file)) for path in paths.split(os.pathsep) if path for file in _files(Path(path))]
    read_mapping_sources(sources)
    return sources


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.suffix == ".toml")
    if not found:
        raise BadMapping(f"{path}: this folder holds no *.toml; put a mapping there, or leave out --mappings.")
    return found


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise BadMapping(f"{file}: {error.strerror}; name a readable TOML file with --mappings.") from None
    except UnicodeDecodeError:
        raise BadMapping(f"{file}: a mapping is UTF-8 text.") from None
