"""python -m tests.regenerate_golden: write every facts.json of tests/fixtures/dialects anew; review the diff."""

from tests.dialect_captures import CAPTURES, scenarios, write_golden


def main() -> None:
    changed = [scenario for scenario in scenarios() if write_golden(scenario)]
    for scenario in changed:
        print(scenario.relative_to(CAPTURES))
    print(f"{len(changed)} of {len(scenarios())} changed")


if __name__ == "__main__":
    main()
