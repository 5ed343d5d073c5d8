"""No document is read twice by the same readers, and what is kept of it is what reading gives.

Belongs here: loads that find what others kept, and what is kept that is damaged. Does not belong here: what is read of
a document (the tests of the readers).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from dagster_project.extract import Limits, StructureWords
from dagster_project.extract.document import Cell, Document, Heading, Table
from dagster_project.settings import Settings, load_settings
from dagster_project.warehouse.intake.extractions import VERSIONS_KEPT, Extraction, KeptExtractions
from dagster_project.warehouse.intake.load import LoadResult, load_raw
from dagster_project.warehouse.intake.raw import DOCUMENT_TABLES, document_rows
from dagster_project.warehouse.intake.reading import ReadReport, read_chunks
from dagster_project.warehouse.intake.scan import find_reports
from tests.conftest import REPORT, ROOT

WITHOUT_TIME = "select * exclude (extracted_at, modified_at) from raw.report order by all"


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """A report of each kind of file, and one that is refused for good."""
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "a.txt").write_text(REPORT.format(value="6"), encoding="utf-8")
    (folder / "b.html").write_text("<h1>Rapport</h1><table><tr><th>Antal<th>2023<tr><td>Ärenden<td>5</table>")
    (folder / "c.csv").write_text("Nyckeltal;Utfall 2023\nAntal ärenden;5\n", encoding="utf-8")
    (folder / "broken.xlsx").write_bytes(b"PK\x03\x04 and no more")
    return folder


def load(reports: Path, kept: str, *, full: bool = False) -> tuple[LoadResult, Settings]:
    """A load into a working file that is new."""
    place = reports.parent / uuid.uuid4().hex
    settings = load_settings(
        {"KOMMUNLAGER_EXTRACTIONS": kept, "KOMMUNLAGER_FULL": str(int(full))},
        reports=reports,
        warehouse=place / "k.duckdb",
    )
    return load_raw(settings), settings


def raw(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(settings.working_file, read_only=True) as connection:
        tables = {name: connection.execute(f"from raw.{name} order by all").fetchall() for name in DOCUMENT_TABLES}
        return tables | {"report": connection.execute(WITHOUT_TIME).fetchall()}


@pytest.fixture(params=["folder", "memory", "s3"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where extractions are kept."""
    if request.param == "folder":
        return str(tmp_path / "kept")
    if request.param == "memory":
        return f"memory://{uuid.uuid4()}"
    return f"{request.getfixturevalue('s3')}/{uuid.uuid4()}"


def test_another_warehouse_reads_nothing_and_has_the_same_rows(reports: Path, kept: str) -> None:
    first, before = load(reports, kept)
    assert first.bytes_read > 0
    assert [one.file_name for one in first.quarantined] == ["broken.xlsx"]
    again, after = load(reports, kept)
    assert again.bytes_read == 0
    assert raw(after) == raw(before)
    assert len(raw(after)["cell"]) > 8
    assert again.notes == first.notes
    full, _ = load(reports, kept, full=True)
    assert full.bytes_read == first.bytes_read


def test_nothing_is_kept_where_that_is_wanted(reports: Path) -> None:
    first, settings = load(reports, "0")
    assert not (settings.state / "extractions").exists()
    assert load(reports, "0")[0].bytes_read == first.bytes_read


def test_extractions_stand_in_the_private_folder_unless_another_is_named(reports: Path) -> None:
    first, settings = load(reports, "")
    assert first.bytes_read > 0
    settings.working_file.unlink()
    assert load_raw(settings).bytes_read == 0


def test_one_content_under_two_names_is_two_reports(reports: Path, tmp_path: Path) -> None:
    load(reports, str(tmp_path / "kept"))
    shutil.copy(reports / "a.txt", reports / "z.txt")
    again, settings = load(reports, str(tmp_path / "kept"))
    assert again.bytes_read == 0
    cells = [row[1:] for row in raw(settings)["cell"] if row[0] == "z"]
    assert cells
    assert cells == [row[1:] for row in raw(settings)["cell"] if row[0] == "a"]


def test_the_same_bytes_with_another_suffix_are_read_by_themselves(reports: Path, tmp_path: Path) -> None:
    load(reports, str(tmp_path / "kept"))
    shutil.copy(reports / "c.csv", reports / "d.txt")
    again, _ = load(reports, str(tmp_path / "kept"))
    assert again.bytes_read == (reports / "d.txt").stat().st_size


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-40]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("no parquet"),
        lambda path: shutil.copy(next(one for one in path.parent.iterdir() if ".csv" in one.name), path),
        lambda path: duckdb.sql(f"copy (select 1 as cell) to '{path}' (format parquet)"),
        lambda path: (path.unlink(), path.mkdir()),
    ],
    ids=["cut", "empty", "text", "another document's", "another table", "a folder"],
)
def test_what_is_damaged_is_read_again(reports: Path, tmp_path: Path, damage: Callable[[Path], object]) -> None:
    first, before = load(reports, str(tmp_path / "kept"))
    (path,) = [one for one in (tmp_path / "kept").glob("*/*.parquet") if ".txt" in one.name]
    whole = path.read_bytes()
    damage(path)
    again, after = load(reports, str(tmp_path / "kept"))
    assert again.bytes_read == (reports / "a.txt").stat().st_size
    assert raw(after) == raw(before)
    assert first.rows == again.rows
    if path.is_file():
        assert path.read_bytes() == whole, "and kept anew"
    assert {one.suffix for one in path.parent.iterdir()} == {".parquet"}, "nothing unfinished is left"


def test_a_bit_that_fell_over_gives_no_other_figure(tmp_path: Path) -> None:
    cells = tuple(Cell(1, row, 0, str(1000 + row), is_header=False) for row in range(50))
    document = Document(
        "text/plain", "T", None, "text", "1", tables=(Table(1, None, 1, 1, None, 50, 1, 0, 1),), cells=cells
    )
    kept = KeptExtractions(str(tmp_path), "one")
    kept.put("0", ".txt", Extraction.of(document))
    (path,) = (tmp_path / "one").iterdir()
    content = path.read_bytes()
    read = []
    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])
        if (extraction := kept.get("0", ".txt")) is not None:
            read.append(extraction.rows_of("a"))
    assert all(rows == document_rows("a", document) for rows in read)
    assert len(read) < len(content) // 7, "the damage is seen"


def test_a_place_that_cannot_be_written_to_costs_the_extractions_only(reports: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file")
    first, settings = load(reports, str(tmp_path / "kept"))
    assert first.loaded == 3
    log = (
        (settings.state / "log.jsonl").read_text(encoding="utf-8")
        if settings.state.joinpath("log.jsonl").exists()
        else ""
    )
    assert log.count("extractions.not_kept") <= 1


def test_what_was_not_read_for_want_of_time_is_not_kept(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "slow.txt").write_bytes(b"a\t1\n" * 100_000)
    kept = KeptExtractions(str(tmp_path / "kept"), "one")
    for limits in (Limits(max_seconds=1), Limits()):
        (result,) = _read(folder, limits, kept)
        assert not result.was_kept
    assert result.error is None or not result.may_pass
    assert [path.name for path in (tmp_path / "kept" / "one").iterdir()] == [f"{result.sha256}.txt.parquet"]


def _read(folder: Path, limits: Limits, kept: KeptExtractions) -> list[ReadReport]:
    return [
        one
        for chunk in read_chunks(find_reports(folder, limits), limits, StructureWords(), 1, most=1, kept=kept)
        for one in chunk
    ]


def test_a_folder_holds_the_versions_used_last(tmp_path: Path) -> None:
    extraction = Extraction(error="refused")
    names = [f"version {number}" for number in range(VERSIONS_KEPT + 2)]
    for age, name in enumerate(reversed(names)):
        KeptExtractions(str(tmp_path), name).put("0", ".txt", extraction)
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    used = KeptExtractions(str(tmp_path), names[0])
    assert used.get("0", ".txt") == extraction
    used.forget_older()
    assert {path.name for path in tmp_path.iterdir()} == {names[0], *names[-VERSIONS_KEPT + 1 :]}


def test_every_column_comes_back(tmp_path: Path) -> None:
    full = Document(
        "application/pdf", "Årsrapport", 3, "pdf", "1",
        headings=(Heading(1, 1, None, "Rubrik"), Heading(2, 2, "1.1", "Rubrik", 2)),
        tables=(Table(1, None, None, None, None, 1, 2, 0, 1), Table(2, 2, 1, 2, "Tabell, tkr", 1, 1, 1, 2)),
        cells=(
            Cell(1, 0, 0, "å\n\u0000x", is_header=False),
            Cell(2, 0, 0, "5", True, 2, 3, 1, 1.5, 2.25, 3.125, 4.0, "ocr", "two readings"),
        ),
        notes=("en anmärkning",),
    )  # fmt: skip
    kept = KeptExtractions(str(tmp_path), "one")
    for name, document in (("full", full), ("empty", Document("text/plain", None, None, "text", "1"))):
        kept.put(name, ".pdf", Extraction.of(document))
        back = kept.get(name, ".pdf")
        assert back is not None
        assert back.rows_of("a") == document_rows("a", document)
        assert (back.title, back.page_count, back.notes) == (document.title, document.page_count, document.notes)


def test_real_pages_come_back(tmp_path: Path) -> None:
    """The five reports, as rows of Arrow."""
    kept = KeptExtractions(str(tmp_path), "one")
    folder = ROOT / "seeds" / "reports"
    first = {one.file.file_name: one for one in _read(folder, Limits(), kept)}
    again = {one.file.file_name: one for one in _read(folder, Limits(), kept)}
    assert len(first) == 5
    for name, one in again.items():
        assert one.was_kept
        assert one.rows == first[name].rows
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == one.sha256
