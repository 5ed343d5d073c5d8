"""One report in every format, from the file to its raw rows.

Belongs here: that each extension is taken, read as what it is and gives the rows of the text, and that a parser that
fails costs its document only. Does not belong here: how well a format is read (``test_typeset_office``,
``test_pdf_reports``).
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from dagster_project.extract import Limits, StructureWords, sandbox
from dagster_project.warehouse.intake.reading import ReadReport, read_reports
from dagster_project.warehouse.intake.scan import READABLE, find_reports
from tests.conftest import ROOT
from tests.typeset import platypus
from tests.typeset.model import Style
from tests.typeset.model import blocks as printed_blocks
from tests.typeset_office.docx_writer import write_docx
from tests.typeset_office.html_writer import write_html
from tests.typeset_office.model import REPORTS, structure_words, text_version
from tests.typeset_office.text_writer import write_csv, write_markdown
from tests.typeset_office.xlsx_writer import write_xlsx

NAME = "gavle-socialnamnden-verksamhetsrapport-2023.txt"


def read(folder: Path, limits: Limits | None = None, words: StructureWords | None = None) -> dict[str, ReadReport]:
    limits = limits or Limits()
    files = find_reports(folder, limits)
    results = read_reports(files, limits, words or structure_words(), workers=1)
    return {result.file.file_name: result for result in results}


def write_all(folder: Path) -> dict[str, str]:
    """One file for each format; the file names with the media types they are to be read as."""
    text = (REPORTS / NAME).read_bytes()
    document = text_version(NAME)
    pdf = platypus.typeset(printed_blocks(text), Style("grid", "grid"))
    word, sheet = "wordprocessingml.document", "spreadsheetml.sheet"
    forms = {
        "a.txt": (text, "text/plain"),
        "b.md": (write_markdown(document), "text/plain"),
        "c.csv": (write_csv(document), "text/csv"),
        "d.html": (write_html(document), "text/html"),
        "e.htm": (write_html(document), "text/html"),
        "f.docx": (write_docx(document), word),
        "g.docm": (write_docx(document), word),
        "h.xlsx": (write_xlsx(document), sheet),
        "i.xlsm": (write_xlsx(document), sheet),
        "k.tsv": (write_csv(document, delimiter="\t"), "text/csv"),
        "j.pdf": (pdf, "application/pdf"),
        "lying.txt": (pdf, "application/pdf"),
        "lying.pdf.docx": (write_xlsx(document), sheet),
    }
    for name, (data, _) in forms.items():
        (folder / name).write_bytes(data)
    return {name: media_type for name, (_, media_type) in forms.items()}


def test_every_format_is_read_as_what_it_is_and_gives_the_cells_of_the_text(tmp_path: Path) -> None:
    expected = write_all(tmp_path)
    found = read(tmp_path)
    assert {name: result.error for name, result in found.items()} == dict.fromkeys(expected)
    for name, media_type in expected.items():
        assert (found[name].media_type or "").endswith(media_type), name
        assert found[name].rows["cell"].num_rows == found["a.txt"].rows["cell"].num_rows, name
        assert name.startswith("lying") == any("read as that" in note for note in found[name].notes), name


def test_a_document_without_memory_costs_itself_only(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a\tb\n" * 1_000_000)
    (tmp_path / "b.txt").write_bytes((REPORTS / NAME).read_bytes())
    found = read(tmp_path, Limits(max_memory_bytes=150 * 2**20))
    assert found["a.txt"].error == "needs more memory than the limit of 150 MiB"
    assert found["b.txt"].error is None


def test_every_limit_and_every_format_is_documented() -> None:
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    for name, value in asdict(Limits()).items():
        assert f"| `KOMMUNLAGER_{name.upper()}` | {value} |" in page
    for extension in READABLE:
        assert f"`{extension}`" in page, extension


def test_every_format_is_read_in_a_child_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_all(tmp_path)
    (tmp_path / "empty.txt").write_bytes(b"")
    monkeypatch.setattr(sandbox, "BOOT", "import sys; sys.exit(3)")
    reason = "the reader ended on this document without an answer (exit code 3)"
    assert {result.error for result in read(tmp_path).values()} == {reason}
