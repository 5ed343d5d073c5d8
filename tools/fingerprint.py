"""Say whether a change of code changed a figure: hashes of `raw` and `marts` over documents that stay.

Belongs here: hashing what a warehouse holds, and comparing it with what is recorded in tools/fingerprint.json. Does not
belong here: which figure is right (the tests say so); a difference only says that the commit must name it.

The hash of a relation is of its rows whatever their order, without the columns that say when something was read.

    python tools/fingerprint.py WAREHOUSE             compare a warehouse of seeds/reports with the record
    python tools/fingerprint.py --corpora WAREHOUSE   the same of one of every document in tests/corpora
    python tools/fingerprint.py --record …            write the record again; name in the commit what changed

A warehouse of the corpora is built by a refresh of one folder that holds every file of tests/corpora/*/reports.
Exit code 1 where a relation differs, is missing or is new.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "tools" / "fingerprint.json"
SCHEMAS = ("raw", "marts")
TIMES = ("extracted_at", "modified_at", "happened_at", "gone_at")
"""The columns that say when, not what."""


def content_hashes(database: Path, schema: str) -> dict[str, str]:
    """Relation of the schema -> hash of its rows in a fixed order, without the time of reading."""
    hashes: dict[str, str] = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        relations = connection.execute(
            "select table_name from information_schema.tables where table_schema = ? order by all", [schema]
        ).fetchall()
        for (relation,) in relations:
            columns = [row[0] for row in connection.execute(f'describe "{schema}"."{relation}"').fetchall()]
            kept = ", ".join(f'"{column}"' for column in columns if column not in TIMES)
            rows = connection.execute(f'select {kept} from "{schema}"."{relation}" order by all').fetchall()
            hashes[relation] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return hashes


def fingerprint(database: Path) -> dict[str, str]:
    """Relation as schema.name -> hash of what it holds."""
    return {
        f"{schema}.{relation}": content
        for schema in SCHEMAS
        for relation, content in content_hashes(database, schema).items()
    }


def differing(found: dict[str, str], recorded: dict[str, str]) -> list[str]:
    """The relations whose rows are others than recorded, or that stand on one side only."""
    return sorted(name for name in found.keys() | recorded.keys() if found.get(name) != recorded.get(name))


def main() -> int:
    """Compare or record one warehouse; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--corpora", action="store_true", help="the warehouse holds tests/corpora, not seeds/reports")
    parser.add_argument("--record", action="store_true", help="write the record instead of comparing")
    arguments = parser.parse_args()
    documents = "corpora" if arguments.corpora else "reports"
    recorded: dict[str, dict[str, str]] = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    found = fingerprint(arguments.warehouse)
    changed = differing(found, recorded.get(documents, {}))
    if arguments.record:
        RECORD.write_text(json.dumps(recorded | {documents: found}, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        print(f"{RECORD.relative_to(ROOT)}: {documents}, {len(found)} relations, {len(changed)} of them changed")
        return 0
    for name in changed:
        print(f"{documents}: {name} is not what is recorded")
    print(f"{documents}: {len(found)} relations, {len(changed)} differ from {RECORD.relative_to(ROOT)}")
    return 1 if changed else 0


if __name__ == "__main__":
    raise SystemExit(main())
