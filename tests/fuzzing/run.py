"""`python -m tests.fuzzing.run --minutes 10 [TARGET...]`: coverage-guided fuzzing (atheris, which is libFuzzer).

Each target runs in a process of its own, from the captures and recorded requests of tests/fixtures and from what was
found before. An input that raises what its function does not document ends the target; it is kept in
tests/fuzzing/found/TARGET, and every later run begins with it.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

FOUND = Path(__file__).resolve().parent / "found"
ROOT = Path(__file__).resolve().parents[2]
INPUT_BYTES_MAX = 32_768
INPUT_TIMEOUT_S = 20
MEMORY_MIB_MAX = 2048
NAMES = ("protobuf", "json", "events", "decompress", "files", "dialects", "parameters")


def fuzz(name: str, seconds: int, runs: int = -1, seed: int = 0) -> int:
    """Fuzz one target in a child for so long (or so many runs); its exit code, 0 when nothing was found.

    `seed`: of what it tries; another every time when 0.
    """
    (FOUND / name).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="rainbarrel-fuzz-") as folder:
        command = [
            *(sys.executable, "-m", "tests.fuzzing.run", "--inside", name, folder, str(FOUND / name)),
            *(
                f"-max_total_time={seconds}",
                f"-runs={runs}",
                f"-seed={seed}",
                f"-max_len={INPUT_BYTES_MAX}",
                "-print_final_stats=1",
                "-verbosity=0",
            ),
            *(f"-timeout={INPUT_TIMEOUT_S}", f"-rss_limit_mb={MEMORY_MIB_MAX}", f"-artifact_prefix={FOUND / name}/"),
        ]
        return subprocess.run(command, cwd=ROOT, check=False).returncode


def _inside(name: str, corpus: Path, arguments: list[str]) -> None:
    """In the child: everything of ours that is imported from here on is instrumented."""
    import atheris

    with atheris.instrument_imports(include=["otlp_receiver", "trace_store", "tool_errors", "web"]):
        from tests.fuzzing.targets import TARGETS

    target = TARGETS[name]
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed{number}").write_bytes(seed)
    atheris.Setup(["fuzz", str(corpus), *arguments], target.run)
    atheris.Fuzz()


def main() -> int:
    if sys.argv[1:2] == ["--inside"]:
        _inside(sys.argv[2], Path(sys.argv[3]), sys.argv[4:])
        return 0
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="for each target")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(NAMES)}; all without one")
    arguments = parser.parse_args()
    if strangers := set(arguments.targets) - set(NAMES):
        parser.error(f"there is no target {', '.join(sorted(strangers))}; there are {', '.join(NAMES)}")
    codes = {name: fuzz(name, max(1, round(arguments.minutes * 60))) for name in arguments.targets or NAMES}
    for name, code in codes.items():
        print(
            f"{name}: {'nothing found' if code == 0 else f'found something (exit code {code}), kept in {FOUND / name}'}"
        )
    return 1 if any(codes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
