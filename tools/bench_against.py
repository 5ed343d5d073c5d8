"""This checkout beside an older commit of it, both run in turns in one call: what became quicker, and how much.

Belongs here: checking the commit out and setting it up, timing whole commands, ratios. Does not belong here: what is
tuned, and figures without comparison (``bench``).

    python tools/bench_against.py COMMIT [--rounds N] [--output FILE] [WHAT ...]

WHAT is one or more of the keys of ``ROWS``; all without it. The commit is checked out into a folder beside, with an
environment of its own where its lock file is another one. Both sides begin with the same five reports, refreshed once,
which is not measured. CPU seconds tell more than the clock's where the machine has other things to do.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent))
from bench_operations import Cost, Place

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 5
QUESTION = "select count(*) from marts.report_values"

ROWS: dict[str, tuple[str, float, Callable[[Place], Cost]]] = {
    "query": ("`kommunlager query`, start to end", 0.6, lambda place: place.ask(QUESTION)),
    "nothing": ("refresh with nothing to do", 0.25, lambda place: place.refresh()),
    "full": ("full refresh of the five reports", 0.45, lambda place: place.refresh("--full")),
    "more": ("one report more, at five", 0.35, lambda place: place.add()),
}
"""What is measured, in this order, for the last one adds to the place: name, ratio wanted at most, how."""


def main() -> None:
    """Measure and print, or write, the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("commit")
    parser.add_argument("what", nargs="*", choices=[*ROWS, []], metavar="WHAT", help=", ".join(ROWS))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--output", type=Path, help="a page of which the part of this topic is replaced")
    arguments = parser.parse_args()
    page = section(arguments.commit, arguments.what or list(ROWS), arguments.rounds)
    if arguments.output:
        from bench import with_section

        text = arguments.output.read_text(encoding="utf-8")
        arguments.output.write_text(with_section(text, "against", page), encoding="utf-8")
    print(page)


def section(commit: str, what: list[str], rounds: int) -> str:
    """Measure ``what`` on both sides in turns; returns Markdown."""
    with tempfile.TemporaryDirectory() as folder, checked_out(commit, Path(folder)) as (root, python):
        sides = [Place(Path(folder) / "before", 0, root, python), Place(Path(folder) / "now", 0)]
        costs: dict[str, list[list[Cost]]] = {name: [[], []] for name in what}
        for name in (name for name in ROWS if name in what):
            for _ in range(rounds):
                for side, place in zip(costs[name], sides, strict=True):
                    side.append(ROWS[name][2](place))
    return "\n".join(
        [
            "## Beside an older commit",
            "",
            f"`python tools/bench_against.py {commit}`: whole commands with their children, in turns;",
            f"median of {rounds}.",
            "",
            "| what | seconds before | now | ratio | CPU seconds before | now | ratio | wanted |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
            *(_row(name, *(_middle(side) for side in costs[name])) for name in what),
            "",
        ]
    )


def _middle(costs: list[Cost]) -> Cost:
    return Cost(median(one.wall for one in costs), median(one.cpu for one in costs))


def _row(name: str, before: Cost, now: Cost) -> str:
    title, wanted, _ = ROWS[name]
    by_clock = f"{before.wall:.1f} | {now.wall:.1f} | {now.wall / before.wall:.2f}"
    by_cpu = f"{before.cpu:.1f} | {now.cpu:.1f} | {now.cpu / before.cpu:.2f}"
    return f"| {title} | {by_clock} | {by_cpu} | at most {wanted} |"


@contextmanager
def checked_out(commit: str, folder: Path) -> Iterator[tuple[Path, str]]:
    """The commit in a folder beside, for the duration of the block; and the Python to run it with."""
    root = folder / "checkout"
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(root), commit], check=True)
    try:
        python = sys.executable
        if (root / "requirements.lock").read_bytes() != (ROOT / "requirements.lock").read_bytes():
            subprocess.run(["make", "setup"], cwd=root, check=True)
            python = str(root / ".venv" / "bin" / "python")
        yield root, python
    finally:
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run([*git, "prune"], check=True)


if __name__ == "__main__":
    main()
