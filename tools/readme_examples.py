"""Write the answers under the example queries of the README and of docs/analysts.md, from the published warehouse.

Belongs here: finding ```sql blocks and the table that follows each. Does not belong here: the queries themselves. Run
it after a change of the data or the rules: ``.venv/bin/python tools/readme_examples.py``; a test only compares.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from dagster_project.settings import load_settings

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "analysts.md", ROOT / "docs" / "sv" / "landet.md")
EXAMPLE = re.compile(r"```sql\n(?P<sql>.*?)```\n\n(?P<answer>(?:\|[^\n]*\n)*)\n?", re.DOTALL)


def answer_of(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The answer to a query as a Markdown table, one line a row."""
    result = connection.execute(sql)
    names = [column[0] for column in result.description or ()]
    lines = ["| " + " | ".join(names) + " |", "|" + " --- |" * len(names)]
    lines += ["| " + " | ".join(_shown(value) for value in row) + " |" for row in result.fetchall()]
    return "\n".join(lines) + "\n"


def with_answers(text: str, connection: duckdb.DuckDBPyConnection) -> str:
    """A page's text with every answer as the warehouse gives it today."""
    return EXAMPLE.sub(lambda match: f"```sql\n{match['sql']}```\n\n{answer_of(connection, match['sql'])}\n", text)


def _shown(value: object) -> str:
    return "" if value is None else str(value).replace("|", "\\|")


def main() -> None:
    """Rewrite the pages in place."""
    with duckdb.connect(str(load_settings().warehouse.resolve()), read_only=True) as connection:
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            page.write_text(with_answers(text, connection), encoding="utf-8")


if __name__ == "__main__":
    main()
