"""The same text is the same, however its characters are spelled: in files, in names, in ``reports.yml``.

Belongs here: letters and marks, characters that are not in print, file names. Numbers: ``test_number_forms``.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from dagster_project.extract import Document, Limits, extract, report_id_for
from dagster_project.extract.spelling import normalised, shown_lines
from dagster_project.settings import PROJECT, Settings
from dagster_project.warehouse.intake.load import load_raw
from dagster_project.warehouse.intake.overrides import check_overrides
from dagster_project.warehouse.intake.scan import find_reports, path_of
from dagster_project.warehouse.intake.words import read_structure_words
from dagster_project.warehouse.release.content import row_hash
from tests.conftest import ROOT, Project

TEXTS = sorted(
    path for folder in ("seeds/reports", "tests/corpora", "tests/composed") for path in (ROOT / folder).rglob("*.txt")
)
WORDS = read_structure_words(PROJECT / "seeds" / "vocabulary" / "structure_words.csv")
INSIDE = re.compile(r"(?<=[^\W\d_]{3})(?=[^\W\d_]{3})")
"""Places in long words where a writer may put a soft hyphen."""
FOLDER = Path(__file__).parent / "spelling"
OF_BYTES = ("sha256", "size_bytes", "notes", "loaded_at", "event_at")
MARKUP = re.compile(r"(<[^<>]*>|&[#\w]+;)")


def respelled(text: str) -> str:
    """Letters and marks apart, soft hyphens in the words; tags and entities as they are."""
    parts = MARKUP.split(text)
    parts[::2] = [unicodedata.normalize("NFD", INSIDE.sub("\u00ad", part)) for part in parts[::2]]
    return "".join(parts)


def content(document: Document) -> Document:
    """What a document says, without remarks about the file."""
    return replace(document, notes=())


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_a_text_reads_the_same_in_either_spelling(path: Path) -> None:
    data = path.read_bytes()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252")
    other = respelled(text).encode()
    assert other != data
    as_written = extract(data, path.name, words=WORDS)
    assert content(extract(other, path.name, words=WORDS)) == content(as_written)
    cells = [cell.text for cell in as_written.cells]
    assert cells == [normalised(text) for text in cells]


def test_a_page_or_an_office_file_reads_the_same_in_either_spelling(every_format: Project) -> None:
    pages = sorted(every_format.reports.rglob("*.htm*"))
    packages = [path for path in sorted(every_format.reports.rglob("*")) if path.suffix in (".docx", ".xlsx", ".ods")]
    assert pages
    assert packages
    for path in [*pages, *packages]:
        data = path.read_bytes()
        other = _respelled_package(data) if path in packages else respelled(data.decode()).encode()
        assert other != data
        limits = Limits()
        assert content(extract(other, path.name, limits, WORDS)) == content(extract(data, path.name, limits, WORDS)), (
            path
        )


def _respelled_package(data: bytes) -> bytes:
    """An office file with the text of its parts respelled."""
    result = io.BytesIO()
    texts = re.compile(r"word/document|xl/sharedStrings|xl/worksheets/|content\.xml")
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
        for member in source.infolist():
            part = source.read(member)
            if texts.match(member.filename):
                part = respelled(part.decode("utf-8")).encode("utf-8")
            target.writestr(member, part)
    return result.getvalue()


def test_a_pdf_with_marks_apart_gives_the_table_of_one_without() -> None:
    documents = [
        extract((FOLDER / f"{name}.pdf").read_bytes(), "a.pdf", words=WORDS) for name in ("marks-apart", "composed")
    ]
    apart, composed = ([cell.text for cell in document.cells] for document in documents)
    assert apart == composed
    assert "Antal årsarbetare" in apart


def test_accents_that_are_glyphs_of_their_own_are_set_on_their_letters() -> None:
    data = io.BytesIO()
    canvas = Canvas(data)
    canvas.setFont("Helvetica", 11)
    lines = [
        ("Nyckeltal", "Utfall 2022", "Utfall 2023"),
        ("Antal \u02daarsarbetare", "5", "6"),
        ("Antal ¨oppna ¨arenden", "7", "8"),
    ]
    for number, cells in enumerate(lines):
        for column, cell in enumerate(cells):
            x, y = 72 + column * 150.0, 700 - number * 20
            mark = ""
            for char in cell:
                if char in "¨\u02da":
                    mark = char
                    continue
                width = stringWidth(char, "Helvetica", 11)
                if mark:
                    canvas.drawString(
                        x + (width - stringWidth("¨", "Helvetica", 11)) / 2, y, mark.replace("\u02da", "°")
                    )
                    mark = ""
                canvas.drawString(x, y, char)
                x += width
    canvas.save()
    labels = [cell.text for cell in extract(data.getvalue(), "a.pdf").cells if cell.col_index == 0]
    assert labels == ["Nyckeltal", "Antal årsarbetare", "Antal öppna ärenden"]


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("a\u030arsarbetare", "årsarbetare"),
        ("års\u00adarbetare", "årsarbetare"),
        ("års\u200barbetare\ufeff", "årsarbetare"),
        ("års\u00ad\narbetare", "års-\narbetare"),
        ("e\ufb00ekt", "effekt"),
        ("\u200e12\u200f", "12"),
        ("12\u200b345", "12345"),
        ("12²", "12²"),
        ("\uff11\u0662\U0001d7d1", "123"),
        ("\u202aUtfall\u202c", "Utfall"),
        ("\u202e321\u202c", "\u202e321\u202c"),
        ("1\u200f2", "1\u200f2"),
        ("\u00ad12", "\u00ad12"),
        ("1\u00ad2", "12"),
    ],
)
def test_a_character_that_is_not_in_print_goes_unless_it_may_change_a_number(stored: str, text: str) -> None:
    assert normalised(stored) == text
    assert normalised(text) == text


def test_every_kind_of_line_break_in_a_cell_stays_a_line_break() -> None:
    for mark in "\n\r\x0b\x0c\x85\u2028\u2029":
        assert shown_lines(f"100{mark}200") == "100\n200"
        if mark not in "\n\r\x0c\x85":
            report = f"Nyckeltal\tUtfall 2023\nAntal beslut\t100{mark}200\nAntal möten\t5\n"
            document = extract(report.encode(), "a.txt", words=WORDS)
            assert "100\n200" in [cell.text for cell in document.cells], repr(mark)


def test_a_file_is_found_and_named_in_either_spelling(tmp_path: Path) -> None:
    composed = unicodedata.normalize("NFC", "Årsrapport Växjö.txt")
    decomposed = unicodedata.normalize("NFD", composed)
    (tmp_path / decomposed).write_text("x")
    (file,) = find_reports(tmp_path, Limits())
    assert file.file_name == composed
    assert file.path.name == decomposed
    assert path_of(tmp_path, file.file_name) == file.path
    assert file.report_id == report_id_for(composed) == report_id_for(decomposed) == "arsrapport-vaxjo"
    for name in (composed, decomposed):
        said = check_overrides(f"{name}:\n  municipality: Växjö\n".encode(), [file])
        assert said.by_report[file.report_id].municipality == "Växjö"
        assert said.problem is None


def test_two_files_whose_names_are_the_same_to_a_person_are_refused(tmp_path: Path) -> None:
    names = [unicodedata.normalize("NFC", "Växjö.txt"), unicodedata.normalize("NFD", "Växjö.txt")]
    for name in names:
        (tmp_path / name).write_text("x")
    files = find_reports(tmp_path, Limits())
    assert {file.file_name for file in files} == set(names)
    assert any("report_id 'vaxjo'" in (file.refusal or "") for file in files)


def test_the_five_reports_load_the_same_in_either_spelling(tmp_path: Path) -> None:
    """All else in the warehouse is made of what is loaded, whatever the files."""
    as_written, respelled_there = tmp_path / "written", tmp_path / "respelled"
    as_written.symlink_to(ROOT / "seeds" / "reports")
    respelled_there.mkdir()
    for path in as_written.iterdir():
        target = respelled_there / unicodedata.normalize("NFD", path.name)
        target.write_text(respelled(path.read_text(encoding="utf-8-sig")), encoding="utf-8")
    assert _loaded(respelled_there, tmp_path / "a") == _loaded(as_written, tmp_path / "b")


def _loaded(reports: Path, folder: Path) -> dict[str, object]:
    """Rows and hash of each table of the raw layer, without what is said about the bytes of the files and the time."""
    settings = Settings(reports=reports, warehouse=folder / "w.duckdb", state=folder / ".state", workers=1)
    load_raw(settings)
    found: dict[str, object] = {}
    with duckdb.connect(settings.working_file, read_only=True) as connection:
        tables = connection.execute("select table_name from duckdb_tables() where schema_name = 'raw'").fetchall()
        for (table,) in tables:
            columns = [row[:2] for row in connection.execute(f"describe raw.{table}").fetchall()]
            kept = [(name, kind) for name, kind in columns if name not in OF_BYTES]
            rows = connection.execute(f"select count(*), sum({row_hash(kept)}::hugeint) from raw.{table}")
            found[table] = rows.fetchone()
    return found
