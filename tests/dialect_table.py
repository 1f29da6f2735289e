"""python -m tests.dialect_table: write the table of right facts into docs/dialects.md, between its markers."""

from collections import defaultdict
from pathlib import Path

from tests.dialect_captures import CAPTURES
from tests.dialect_truth import FACTS, compared, scenarios_with_truth

DOCS = Path(__file__).parents[1] / "docs" / "dialects.md"
BEGIN, END = "<!-- begin: python -m tests.dialect_table -->\n", "<!-- end -->\n"


def table() -> str:
    """A row for each captured library: facts right of facts asked for, and the scenarios without a miss."""
    right: dict[str, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    whole: dict[str, list[bool]] = defaultdict(list)
    misses = []
    for scenario in scenarios_with_truth():
        dialect, library, name = scenario.relative_to(CAPTURES).parts
        facts = compared(scenario)
        for row in (f"`{dialect}`: {library}", "all"):
            whole[row].append(all(facts.values()))
            for fact, is_right in facts.items():
                right[row][fact].append(is_right)
        misses += [f"- {library} {name}: {fact}" for fact, is_right in facts.items() if not is_right]
    lines = ["| Capture | " + " | ".join((*FACTS, "scenarios")) + " |", "|---" * (len(FACTS) + 2) + "|"]
    for row in [*sorted(right.keys() - {"all"}), "all"]:
        cells = [_share(right[row][fact]) for fact in FACTS] + [_share(whole[row])]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", "Misses:", "", *(misses or ["- none"])]) + "\n"


def with_table(page: str) -> str:
    """The page with its table as it is today."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + "\n" + table() + "\n" + END + after


def _share(found: list[bool]) -> str:
    return f"{sum(found)}/{len(found)}" if found else "–"


def main() -> None:
    DOCS.write_text(with_table(DOCS.read_text()))
    print(f"{DOCS.name}: written")


if __name__ == "__main__":
    main()
