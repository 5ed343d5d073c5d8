"""What a table promises of each row: every kind of promise is broken, and the refresh says which, where and by what.

Belongs here: the generic test ``rules``, and the keys that DuckDB itself keeps. Does not belong here: the same promises
of the vocabulary's files, which are checked before anything is built (``test_vocabulary``).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.test_failures import record

BROKEN = {
    "rule='accepted_values', columns='answer', value='perhaps', n_rows=1": "ACCEPTED",
    "rule='relationships', columns='report', value='nowhere', n_rows=1": "KNOWN",
    "rule='text_length', columns='code', value='180', n_rows=1": "LENGTH",
    "rule='trimmed', columns='name', value=' Växjö', n_rows=1": "TRIMMED",
    "rule='matchable_term', columns='term', value='Upper', n_rows=1": "MATCHABLE",
    "rule='not_null', columns='there', value='null', n_rows=1": "MISSING",
    "rule='unique', columns='once', value='twice', n_rows=2": "UNIQUE",
    "rule='unique_combination', columns='report_id, line', value='ett, 0', n_rows=2": "GRAIN",
}
"""What is said of the table, by the word in a report that breaks the promise."""

MODELS = {
    "promised.sql": """
        {{ config(contract={'enforced': false}) }}
        select
            report_id,
            case text when 'ACCEPTED' then 'perhaps' else 'yes' end as answer,
            case text when 'KNOWN' then 'nowhere' else report_id end as report,
            case text when 'LENGTH' then '180' else '0180' end as code,
            case text when 'TRIMMED' then ' Växjö' else 'Växjö' end as name
        from {{ ref('int_cells') }}
    """,
    "promised_too.sql": """
        {{ config(contract={'enforced': false}) }}
        select
            report_id,
            case text when 'MATCHABLE' then 'Upper' else 'lower' end as term,
            case text when 'MISSING' then null else text end as there,
            case text when 'UNIQUE' then 'twice' else report_id || row_index || '.' || col_index end as once,
            case text when 'GRAIN' then 0 else 100 * row_index + col_index + 1 end as line
        from {{ ref('int_cells') }}
    """,
    "keyed.sql": """
        {{ config(contract={'enforced': true}) }}
        select
            report_id,
            case text when 'KEY' then 'the same' else report_id || row_index || '.' || col_index end as key
        from {{ ref('int_cells') }}
    """,
    "promised.yml": """
        models:
          - name: promised
            data_tests:
              - rules:
                  name: rules_of_promised
                  arguments:
                    trimmed: [name]
                    text_length: {code: 4}
                    accepted: {answer: ['yes', 'no']}
                    known: {report: {to: ref('int_cells'), field: report_id}}
          - name: promised_too
            data_tests:
              - rules:
                  name: rules_of_promised_too
                  arguments:
                    grain: [report_id, line]
                    unique: [once]
                    not_null: [there]
                    matchable: {term: lower}
          - name: keyed
            columns:
              - {name: report_id, data_type: varchar}
              - {name: key, data_type: varchar, constraints: [{type: not_null}, {type: primary_key}]}
    """,
}


@pytest.fixture
def promising(small_checkout: Path, tmp_path: Path) -> Project:
    """The small project with tables that promise something of every kind."""
    root = tmp_path / "checkout"
    shutil.copytree(small_checkout, root, ignore=shutil.ignore_patterns("target", "logs", "__pycache__"))
    for name, text in MODELS.items():
        (root / "dbt" / "models" / "marts" / name).write_text(text, encoding="utf-8")
    project = Project(root, tmp_path)
    project.reports.mkdir()
    return project


def write(project: Project, name: str, *words: str) -> None:
    lines = "".join(f"{word}\t{number}\n" for number, word in enumerate(words, start=5))
    (project.reports / name).write_text(
        f"Årsrapport 2023\n\nNyckeltal\tUtfall 2023\n{lines}\nSlut.\n", encoding="utf-8"
    )


def test_every_kind_of_promise_is_kept_or_said_to_be_broken(promising: Project) -> None:
    write(promising, "tva.txt", "Antal ärenden", "Antal beslut")
    write(promising, "ett.txt", *BROKEN.values(), "UNIQUE", "GRAIN", "KEY", "KEY")
    failed = promising.run("refresh")
    assert failed.returncode == 1
    assert not promising.warehouse.exists()
    for table in ("promised", "promised_too"):
        assert f"rules_of_{table} (models/marts/promised.yml): Got 4 results" in failed.stderr
    for said in BROKEN:
        assert said in failed.stderr
    # One of the rows, as the table has it.
    assert "'report_id': ett, 'answer': perhaps" in failed.stderr
    # A key is kept by DuckDB.
    (said_of_key,) = [
        line for line in failed.stderr.splitlines() if line.startswith("keyed (models/marts/keyed.sql): ")
    ]
    assert "duplicate key" in said_of_key.lower()
    assert "the same" in said_of_key
    # A report that breaks them by itself can be left out.
    done = promising.run("refresh", "--quarantine-failing")
    assert done.returncode == 0, done.stderr
    assert record(promising)["set_aside"] == ["ett"]
    assert "rules_of_promised, rules_of_promised_too" in done.stderr
    # What comes to the others is looked at in the same way.
    write(promising, "ett.txt", "Antal barn")
    write(promising, "tre.txt", "ACCEPTED")
    failed = promising.run("refresh")
    assert "rule='accepted_values', columns='answer', value='perhaps', n_rows=1" in failed.stderr
