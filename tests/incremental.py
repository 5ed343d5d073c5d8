"""Refresh after refresh over a folder that changes at random, then everything anew: what differs is printed as JSON.

Run as a program by ``test_incremental`` in a copy of the checkout, whose vocabulary it edits. All refreshes in one
process, without Dagster, for dbt takes seconds to start.

    python tests/incremental.py FOLDER SEED TURNS [--each]
"""

from __future__ import annotations

import json
import random
import re
import shutil
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import duckdb

from dagster_project.settings import PROJECT, Settings
from dagster_project.warehouse.build.transform import build
from dagster_project.warehouse.intake.load import load_raw
from dagster_project.warehouse.release.content import content_of, row_hash
from dagster_project.warehouse.release.publishing import publish

VOCABULARY = PROJECT / "seeds" / "vocabulary" / "status_words.csv"

BYTES = "latin-1"
"""Reads and writes any bytes as they are: not every report is UTF-8."""


class Folder:
    """A reports folder and the operations that happen to one."""

    def __init__(self, folder: Path, pool: Path, chance: random.Random) -> None:
        self.folder = folder
        self.pool = sorted(pool.rglob("*.txt"))
        self.chance = chance
        folder.mkdir(parents=True)

    def there(self) -> list[Path]:
        """The reports in the folder."""
        return sorted(self.folder.glob("*.txt"))

    def add(self) -> str:
        """A new report, now and then one that states again what another states."""
        source = self.chance.choice(self.pool)
        name = f"{source.stem}-{self.chance.randrange(1000)}.txt"
        shutil.copyfile(source, self.folder / name)
        return f"add {name}"

    def restate(self) -> str:
        """A later report with the figures of one that is there, one of them changed."""
        source = self.chance.choice(self.there())
        text = source.read_text(encoding=BYTES)
        head, _, rest = text.partition("\n")
        later = re.sub(r"20\d\d", lambda match: str(int(match[0]) + 1), head)
        name = f"{source.stem}-b{self.chance.randrange(1000)}.txt"
        (self.folder / name).write_text(f"{later}\n{_other_figure(rest, self.chance)}", encoding=BYTES)
        return f"restate {source.name} as {name}"

    def replace(self) -> str:
        """Another content under the same name."""
        path = self.chance.choice(self.there())
        path.write_text(_other_figure(path.read_text(encoding=BYTES), self.chance), encoding=BYTES)
        return f"replace {path.name}"

    def spoil(self) -> str:
        """A content that cannot be read: the report is quarantined."""
        path = self.chance.choice(self.there())
        path.write_text("inga tabeller\n", encoding="utf-8")
        return f"spoil {path.name}"

    def rename(self) -> str:
        """The same content under another name."""
        path = self.chance.choice(self.there())
        target = path.with_name(f"omdopt-{self.chance.randrange(10_000)}.txt")
        path.rename(target)
        return f"rename {path.name} {target.name}"

    def remove(self) -> str:
        """One report less, unless few are left."""
        if len(self.there()) < 3:
            return self.add()
        path = self.chance.choice(self.there())
        path.unlink()
        return f"remove {path.name}"

    def override(self) -> str:
        """``reports.yml`` says something about a report."""
        path = self.chance.choice(self.there())
        (self.folder / "reports.yml").write_text(f"{path.name}: {{committee: Provnämnden}}\n", encoding="utf-8")
        return f"override {path.name}"

    def vocabulary(self) -> str:
        """One word less in the vocabulary."""
        lines = VOCABULARY.read_text(encoding="utf-8").splitlines(keepends=True)
        line = lines.pop(self.chance.randrange(1, len(lines)))
        VOCABULARY.write_text("".join(lines), encoding="utf-8")
        return f"vocabulary without {line.strip()}"


def _other_figure(text: str, chance: random.Random) -> str:
    places = list(re.finditer(r"(?<=\t)\d{2,3}(?=[\t\n])", text))
    if not places:
        return text + "\n"
    place = chance.choice(places)
    return text[: place.start()] + str(chance.randrange(10, 999)) + text[place.end() :]


def hashes(settings: Settings) -> dict[str, str]:
    """Of every table and of every view of the marts, by name."""
    with duckdb.connect(settings.working_file, read_only=True) as connection:
        name = str(connection.execute("select current_database()").fetchall()[0][0])
        found = {table: one.hash for table, one in content_of(connection, name).tables.items()}
        for (view,) in connection.execute(
            "select view_name from duckdb_views() where schema_name = 'marts' and not internal"
        ).fetchall():
            columns = [row[:2] for row in connection.execute(f"describe marts.{view}").fetchall()]
            rows = connection.execute(f"select count(*), sum({row_hash(columns)}::hugeint) from marts.{view}")
            found[f"marts.{view}"] = str(rows.fetchone())
    # How the content came about is another story each time.
    return {name: one for name, one in found.items() if not name.endswith(("report_history", "figure_history"))}


def refresh(settings: Settings) -> str:
    """One refresh; returns what it had to do."""
    load_raw(settings)
    result = build(settings)
    if result.failed:
        raise SystemExit(result.explain())
    publish(settings)
    return str(result.plan.mode)


def main() -> None:
    """Change, refresh, and compare with everything anew: after the last two turns, or after every one."""
    folder, seed, steps = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    each = "--each" in sys.argv
    chance = random.Random(seed)
    reports = Folder(folder / "reports", PROJECT / "pool", chance)
    settings = Settings(
        reports=reports.folder,
        warehouse=folder / "a" / "kommunlager.duckdb",
        state=folder / "a" / ".state",
        workers=1,
        accept_removals=True,  # what is held back is another matter (test_removals)
    )
    anew = replace(settings, warehouse=folder / "b" / "kommunlager.duckdb", state=folder / "b" / ".state", full=True)
    for _ in range(9):
        reports.add()
    done, modes = [["start"]], Counter([refresh(settings)])
    usual = [reports.add, reports.restate, reports.replace, reports.rename, reports.remove, reports.override]
    operations = [*usual, reports.spoil, reports.restate]
    chance.shuffle(operations)
    # Each kind once, then at random; the vocabulary last but one, for it makes everything anew.
    turns = [operations[turn :: steps - 1] or [chance.choice(usual)] for turn in range(steps - 1)]
    different: dict[str, list[str]] = {}
    for turn, actions in enumerate([*turns, [reports.vocabulary, reports.replace]]):
        done.append([action() for action in actions])
        modes[refresh(settings)] += 1
        if each or turn >= steps - 2:
            refresh(anew)
            one, other = hashes(settings), hashes(anew)
            wrong = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
            if wrong:
                different[f"{turn}: {done[-1]}"] = wrong
    modes[refresh(settings)] += 1
    sys.stdout.write(
        json.dumps({"done": done, "modes": modes, "different": different, "tables": len(hashes(settings))})
    )


if __name__ == "__main__":
    main()
