"""A folder in which nearly everything is wrong, through the whole job: the good documents load, the rest is listed."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
from pathlib import Path

import duckdb
import pytest

from tests.conftest import ROOT, Project

GOOD = ("gavle-socialnamnden-verksamhetsplan-2021-2024.txt", "helsingborg-socialnamnden-arsbokslut-2023.txt")

EVIL = {
    "Robert'); drop table raw.cell; --": "1 201",
    "=cmd()|' /C calc'!A0": "1 202",
    'Antal "citerade"; med, komma': "1 203",
    "Antal \\ %s {0} {{ ref('x') }} ${HOME}": "1 204",
    "Antal [red]ärenden[/red]": "1 205",
}
"""Row labels and the value that stands beside each."""

EVIL_REPORT = "\n".join(
    [
        "# Årsrapport 2023 Socialnämnden Gävle kommun",
        "",
        "## Nyckeltal",
        "",
        "Nyckeltal\tUtfall 2022\tUtfall 2023",
        *(f"{label}\t7\t{value}" for label, value in EVIL.items()),
        "",
        "Slut.",
        "",
    ]
)


@pytest.fixture(scope="module")
def refreshed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, subprocess.CompletedProcess[str]]:
    project = Project(ROOT, tmp_path_factory.mktemp("bad"))
    project.reports.mkdir()
    for name in GOOD:
        shutil.copyfile(ROOT / "seeds" / "reports" / name, project.reports / name)
    whole = (project.reports / GOOD[1]).read_bytes()
    for name, content in {
        "evil.txt": EVIL_REPORT.encode(),
        "empty.txt": b"",
        "blank.txt": b" \n\t\n",
        "binary.txt": bytes(range(256)) * 40,
        "truncated.txt": whole[: whole.index(b"\t", len(whole) // 2)],
        "utf16-without-mark.txt": whole.decode().encode("utf-16-le"),
        "no-table.txt": "Rapport 2023\n\nHär finns bara text.\n".encode(),
        "a-pdf.txt": b"%PDF-1.7\n",
        "report.pptx": b"PK\x03\x04",
        "twin.txt": whole,
        "Twin.md": whole,
        "refused.txt": EVIL_REPORT.encode(),
    }.items():
        (project.reports / name).write_bytes(content)
    with (project.reports / "enormous.txt").open("wb") as handle:
        handle.truncate(1 << 36)
    (project.reports / "outside.txt").symlink_to("/etc/passwd")
    (project.reports / "reports.yml").write_text(
        "refused.txt:\n  municpality: Gävle\nnobody.txt:\n  title: x\nevil:\n  title: Överskriven\n", encoding="utf-8"
    )
    return project, project.run("refresh")


REASONS = {
    "Twin.md": "the report_id 'twin' is also that of twin.txt",
    "a-pdf.txt": "the PDF is damaged",
    "binary.txt": "binary",
    "blank.txt": "nothing but white space",
    "empty.txt": "the file is empty",
    "enormous.txt": "the file is too large",
    "no-table.txt": "table",
    "outside.txt": "a link that leaves the reports folder",
    "refused.txt": "reports.yml, line 2: 'municpality' is no key",
    "report.pptx": "format not supported yet: .pptx",
    "reports.yml": "line 3: there is no report 'nobody.txt'",
    "truncated.txt": "cut",
    "twin.txt": "the report_id 'twin' is also that of Twin.md",
    "utf16-without-mark.txt": "binary",
}


def ask(project: Project, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(project.warehouse, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_the_refresh_succeeds_and_names_every_file_with_its_reason(
    refreshed: tuple[Project, subprocess.CompletedProcess[str]],
) -> None:
    _, done = refreshed
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    for name, reason in REASONS.items():
        assert any(name in line and reason in line for line in done.stderr.splitlines()), name
    assert "3 (14 quarantined)" in done.stdout


def test_every_bad_file_is_listed_as_quarantined_and_nothing_of_it_is_loaded(
    refreshed: tuple[Project, subprocess.CompletedProcess[str]],
) -> None:
    project, _ = refreshed
    rows = ask(project, "select file_name, error from raw.report where status = 'quarantined'")
    listed = {str(name): str(error) for name, error in rows}
    assert listed.keys() == REASONS.keys()
    for name, reason in REASONS.items():
        assert reason in listed[name], name
    for table in ("heading", "paragraph", "report_table", "cell"):
        loaded = {report_id for (report_id,) in ask(project, f"select distinct report_id from raw.{table}")}
        assert loaded == {"evil", *(name.removesuffix(".txt") for name in GOOD)}


def test_the_good_documents_are_loaded_whole(
    refreshed: tuple[Project, subprocess.CompletedProcess[str]], warehouse: Path
) -> None:
    project, _ = refreshed
    ids = ", ".join(f"'{name.removesuffix('.txt')}'" for name in GOOD)
    values = f"select * exclude (is_current) from marts.report_values where report_id in ({ids}) order by all"
    with duckdb.connect(warehouse, read_only=True) as connection:
        expected = connection.execute(values).fetchall()
    assert expected
    assert ask(project, values) == expected


def test_an_override_beside_bad_entries_counts(refreshed: tuple[Project, subprocess.CompletedProcess[str]]) -> None:
    project, _ = refreshed
    assert ask(project, "select title from marts.dim_report where report_id = 'evil'") == [("Överskriven",)]


EVIL_SQL = """
    select row_label, value_text, value_numeric from marts.report_values
    where report_id = 'evil' and column_label = 'Utfall 2023' order by row_index
"""


def test_text_is_data_in_the_marts(refreshed: tuple[Project, subprocess.CompletedProcess[str]]) -> None:
    project, _ = refreshed
    expected = [(label, value, float(value.replace(" ", ""))) for label, value in EVIL.items()]
    assert ask(project, EVIL_SQL) == expected


def test_text_is_data_in_every_format(
    refreshed: tuple[Project, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    project, _ = refreshed
    as_csv = project.run("query", EVIL_SQL, "--format", "csv", "--exact").stdout
    assert [row["row_label"] for row in csv.DictReader(io.StringIO(as_csv))] == list(EVIL)
    for_people = project.run("query", EVIL_SQL, "--format", "csv").stdout
    labels = [row["row_label"] for row in csv.DictReader(io.StringIO(for_people))]
    # What would begin a cell of its own, where a program parts cells at semicolons, is marked too.
    marked = {next(iter(EVIL)): "Robert'); drop table raw.cell;' --"}
    assert labels == [f"'{label}" if label.startswith("=") else marked.get(label, label) for label in EVIL]
    as_json = json.loads(project.run("query", EVIL_SQL, "--format", "json").stdout)
    assert [row["row_label"] for row in as_json] == list(EVIL)
    file = tmp_path / "evil.parquet"
    assert project.run("query", EVIL_SQL, "--format", "parquet", "--output", str(file)).returncode == 0
    assert [label for label, *_ in duckdb.execute(f"from '{file}'").fetchall()] == list(EVIL)
    table = project.run("query", EVIL_SQL).stdout
    assert all(label in table for label in EVIL)
