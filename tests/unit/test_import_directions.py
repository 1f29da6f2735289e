"""The four packages may import each other only in the directions that docs/architecture.md draws."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = {
    "trace_store": {"trace_store"},
    "otlp_receiver": {"otlp_receiver", "trace_store"},
    "tool_errors": {"tool_errors", "trace_store"},
    "web": {"web", "otlp_receiver", "tool_errors", "trace_store"},
}
SQL_WORDS = ("SELECT ", "INSERT INTO ", "DELETE FROM ", "UPDATE ", "CREATE TABLE ", "COPY ")


def modules(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, f"no module in {package}"
    return found


def imported_packages(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports between our packages are absolute"
            names.add((node.module or "").split(".")[0])
    return names & set(ALLOWED)


def test_packages_import_only_downwards() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {target}"
        for package, allowed in ALLOWED.items()
        for path in modules(package)
        for target in imported_packages(ast.parse(path.read_text())) - allowed
    ]
    assert wrong == []


def test_only_settings_read_the_environment() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for package in ALLOWED
        for path in modules(package)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and node.attr in {"environ", "getenv"}
    ]
    assert set(readers) <= {"web/settings.py"}


def test_sql_lives_in_sql_files() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for package in ALLOWED
        for path in modules(package)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.lstrip().startswith(SQL_WORDS)
    ]
    assert wrong == []


def test_inspect_loads_neither_driver_nor_web_framework() -> None:
    """It is run file by file, by scripts: what it does not need must not make it slow to start."""
    script = (
        "import sys, web.commands.inspect\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules} & {'psycopg', 'httpx', 'pydantic', 'fastapi'}))"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""


def test_a_server_starts_without_the_sdk_of_mcp() -> None:
    """Its import takes a second: the first question to /mcp pays for it."""
    script = "import sys, web.processes.front, web.app, web.processes.heavy_reads\nprint('mcp' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
