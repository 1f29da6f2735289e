"""Size budgets: a file has one job, a function fits a screen, a test tests."""

import ast
import statistics
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("trace_store", "otlp_receiver", "tool_errors", "web")
FILE_LINES_MAX, FILE_LINES_MEDIAN_MAX, FUNCTION_LINES_MAX = 500, 150, 70


def sources(*folders: str) -> dict[str, str]:
    return {
        str(path.relative_to(ROOT)): path.read_text()
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in {".py", ".sql", ".html", ".css", ".js"}
        and "_pb2" not in path.name
        and not {"vendor", "node_modules"} & set(path.parts)
    }


def test_no_file_is_too_long() -> None:
    lengths = {name: text.count("\n") for name, text in sources(*PACKAGES, "tests").items()}
    assert {name: lines for name, lines in lengths.items() if lines > FILE_LINES_MAX} == {}


def test_the_median_file_is_short() -> None:
    lengths = [text.count("\n") for name, text in sources(*PACKAGES).items() if name.endswith(".py")]
    assert statistics.median(lengths) <= FILE_LINES_MEDIAN_MAX


def test_functions_fit_a_screen() -> None:
    long = [
        f"{name}:{node.lineno} {node.name}"
        for name, text in sources(*PACKAGES).items()
        if name.endswith(".py")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        name
        for name, text in sources(*PACKAGES).items()
        if name.endswith(".py") and not ast.get_docstring(ast.parse(text))
    ]
    assert silent == []
