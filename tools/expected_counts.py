"""Write seeds/reference/expected_counts.csv again, from a warehouse that was checked.

Run it when a report in seeds/reports was added or its tables are read differently on purpose, and read the difference
before it is committed: the seed is what the test ``expected_counts`` compares every refresh with.

    python tools/expected_counts.py [WAREHOUSE]
"""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[1]
SEED = ROOT / "seeds" / "reference" / "expected_counts.csv"
WAREHOUSE = ROOT / "warehouse" / "kommunlager.duckdb"

COUNTS = """
    select
        report.report_id,
        report.sha256,
        report_table.table_seq,
        (
            select count(*) from raw.cell
            where cell.report_id = report.report_id and cell.table_seq = report_table.table_seq
        ) as cells,
        (
            select count(*) from marts.report_values
            where report_values.report_id = report.report_id and report_values.table_seq = report_table.table_seq
        ) as n_values
    from raw.report
    inner join raw.report_table using (report_id)
    where report.status = 'loaded' and list_contains(?, report.sha256)
    order by report.report_id, report_table.table_seq
"""


def main() -> None:
    """Count the reports of seeds/reports in the warehouse named on the command line, and write the seed."""
    warehouse = Path(sys.argv[1]) if len(sys.argv) > 1 else WAREHOUSE
    # Only the reports that come with the project: a warehouse may hold others.
    known = [hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted((ROOT / "seeds" / "reports").iterdir())]
    with duckdb.connect(warehouse, read_only=True) as connection:
        rows = connection.execute(COUNTS, [known]).fetchall()
    with SEED.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["report_id", "sha256", "table_seq", "cells", "values"])
        writer.writerows(rows)
    reports = len({row[0] for row in rows})
    print(f"{SEED.relative_to(ROOT)}: {reports} reports, {len(rows)} tables, {sum(row[4] for row in rows)} values")


if __name__ == "__main__":
    main()
