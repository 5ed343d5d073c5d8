"""Hostile and broken files: a plain reason, never a crash, a hang or a fact made of garbage."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_project.extract import ExtractionError, Limits, extract, sandbox
from dagster_project.extract.sandbox import Children, extract_in_child
from tests.children import SLEEPS_ON_SLOW, run_inside, sleeping
from tests.typeset_office.docx_writer import write_docx
from tests.typeset_office.html_writer import write_html
from tests.typeset_office.model import report_paths, structure_words, text_version
from tests.typeset_office.text_writer import write_csv, write_markdown
from tests.typeset_office.word_parts import PACKAGE, container, paragraph, row, table, word
from tests.typeset_office.xlsx_writer import write_xlsx

SMALL = table(row("Mått", "2023"), row("Antal", "5"))


def refuse(data: bytes, name: str, reason: str, limits: Limits | None = None) -> None:
    with pytest.raises(ExtractionError, match=reason):
        extract(data, name, limits)


# --- zip containers and XML -----------------------------------------------------------------------------------------


def members(data: bytes) -> dict[str, str | bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        return {name: source.read(name) for name in source.namelist()}


def test_zip_bomb() -> None:
    bomb = container({**members(word(SMALL)), "word/media/bomb.bin": bytes(64 * 1024 * 1024)})
    assert len(bomb) < 100_000
    refuse(bomb, "a.docx", "a zip bomb")


def test_limits_of_zip_containers() -> None:
    refuse(word(SMALL), "a.docx", "has 4 files, the limit is 3", Limits(max_zip_members=3))
    refuse(word(SMALL), "a.docx", "unpacks to .* bytes, the limit is 100", Limits(max_unpacked_bytes=100))
    refuse(write_xlsx(text_version(report_paths()[0].name)), "a.xlsx", "1 sheets, the limit is 0", Limits(max_sheets=0))


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>',
        '<!DOCTYPE w [<!ENTITY c SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE w SYSTEM "http://127.0.0.1:9/x.dtd">',
    ],
)
@pytest.mark.parametrize("kind", ["docx", "xlsx", "ods"])
def test_entities_and_external_references_are_refused(doctype: str, kind: str) -> None:
    if kind == "docx":
        files, part = members(word(SMALL)), "word/document.xml"
    elif kind == "xlsx":
        files, part = members(write_xlsx(text_version(report_paths()[0].name))), "xl/worksheets/sheet1.xml"
    else:
        files, part = (
            {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<a>&c;</a>"},
            "content.xml",
        )
    content = files[part]
    text = content.decode() if isinstance(content, bytes) else content
    refuse(container({**files, part: doctype + text.removeprefix("<?xml version='1.0'?>")}), f"a.{kind}", "^refused: ")


def test_names_that_climb_out_are_only_names(tmp_path: Path) -> None:
    files = members(word(SMALL))
    files["../../outside.txt"] = "x"
    files["word/_rels/document.xml.rels"] = (
        f'<Relationships xmlns="{PACKAGE}"><Relationship Id="r1" Type="a/relationships/styles"'
        ' Target="../../../../../../etc/passwd"/><Relationship Id="r2" Type="a/relationships/footnotes"'
        ' Target="http://127.0.0.1:9/x" TargetMode="External"/></Relationships>'
    )
    assert len(extract(container(files), "a.docx").tables) == 1
    assert list(tmp_path.parent.glob("outside.txt")) == []


def test_two_members_of_one_name_are_refused() -> None:
    buffer = io.BytesIO(word(SMALL))
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(buffer, "a") as target:
        target.writestr("word/document.xml", "<other/>")
    refuse(buffer.getvalue(), "a.docx", "twice")


# --- nesting and sizes ----------------------------------------------------------------------------------------------


def nested_tables(depth: int) -> str:
    content = paragraph("x")
    for _ in range(depth):
        content = f"<w:tbl><w:tr><w:tc>{content}</w:tc></w:tr></w:tbl>"
    return content


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"<html>" + b"<div>" * 200_000, "a.html", "nested more than 200 deep"),
        (b"<html>" + b"<b>" * 4_000 + b"<p>x", "a.html", "nested more than 200 deep"),
        (b"<html>" + b"<table><tr><td>" * 50 + b"</table>" * 50, "a.html", "tables are nested more than 8 deep"),
        (word(nested_tables(20)), "a.docx", "tables are nested more than 8 deep"),
        (word(nested_tables(200)), "a.docx", "no well-formed XML"),
        (
            b"<table><tr>" + b"<td colspan=1000>a" * 5 + b"</table>",
            "a.html",
            "more than 512 columns",
        ),
        (b"<table>" + b"<tr><td rowspan=0>a" * 700 + b"</table>", "a.html", "more than 200000 cells|512 columns"),
    ],
)
def test_nesting_and_spans_have_limits(data: bytes, name: str, reason: str) -> None:
    refuse(data, name, reason)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<html><style>" + b"a" * 2_000_000 + b"</style><table><tr><td>a<td>1</table>", "a.html"),
        (b"<html>" + b"<p><li>" * 50_000 + b"<table><tr><td>a<td>1</table>", "a.html"),
        (b"Mening ett.  Mening 5.  Mening\n" * 10_000 + b"\na\t2023\nb\t1,5\n", "a.txt"),
        ((b"a  b  " * 2000 + b"\n") * 100 + b"\na\t2023\nb\t1,5\n", "a.txt"),
        (b"a;1;;b;2\n\n" * 5_000, "a.csv"),
        (b"titel\n" * 20_000 + b"a;1;b;2\nb;1;2;3\n", "a.csv"),
    ],
)
def test_time_does_not_grow_with_the_square(data: bytes, name: str) -> None:
    start = time.perf_counter()
    extract(data, name)
    assert time.perf_counter() - start < 20


# --- broken bytes ---------------------------------------------------------------------------------------------------


@cache
def whole_files() -> tuple[tuple[str, bytes], ...]:
    report = text_version(report_paths()[0].name)
    return (
        ("r.docx", write_docx(report)),
        ("r.xlsx", write_xlsx(report)),
        ("r.html", write_html(report)),
        ("r.csv", write_csv(report)),
        ("r.md", write_markdown(report)),
    )


@st.composite
def broken(draw: st.DrawFn, data: bytes) -> bytes:
    """The bytes cut off, with bits turned over, or with parts taken out or doubled."""
    place = st.integers(0, max(0, len(data) - 1))
    match draw(st.sampled_from(["cut", "flip", "remove", "double"])):
        case "cut":
            return data[: draw(place)]
        case "flip":
            changed = bytearray(data)
            for at in draw(st.lists(place, min_size=1, max_size=8)):
                changed[at] ^= 1 << draw(st.integers(0, 7))
            return bytes(changed)
        case "remove":
            start, end = sorted((draw(place), draw(place)))
            return data[:start] + data[end:]
        case _:
            start, at = draw(place), draw(place)
            return data[:at] + data[start : start + 4096] + data[at:]


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_broken_files_are_read_or_refused(data: st.DataObject) -> None:
    name, whole = data.draw(st.sampled_from(whole_files()))
    content = data.draw(broken(whole))
    if whole.startswith(b"PK") and data.draw(st.booleans()):
        # The same inside the container, where its checksums do not help.
        files = members(whole)
        part = data.draw(st.sampled_from(sorted(part for part in files if part.endswith(".xml"))))
        inner = files[part]
        assert isinstance(inner, bytes)
        content = container({**files, part: data.draw(broken(inner))})
    start = time.perf_counter()
    try:
        document = extract(content, name, words=structure_words())
        reason = ""
    except ExtractionError as error:
        document, reason = None, str(error)
    assert reason if document is None else document.tables
    assert time.perf_counter() - start < 20


# --- child processes ------------------------------------------------------------------------------------------------


def test_child_gives_the_same_document() -> None:
    with Children() as children, ThreadPoolExecutor(2) as executor:
        files = [(path.name, path.read_bytes()) for path in report_paths()] * 3
        found = list(executor.map(lambda f: children.extract(f[1], f[0], None, structure_words()), files))
    assert found == [text_version(name) for name, _ in files]


def test_child_passes_on_the_reason() -> None:
    with pytest.raises(ExtractionError, match=r"^the file is empty$"):
        extract_in_child(b"", "a.txt")


def test_child_that_takes_too_long_or_too_much_costs_its_document_only(monkeypatch: pytest.MonkeyPatch) -> None:
    run_inside(monkeypatch, SLEEPS_ON_SLOW)
    good = b"a\t2023\nb\t1\n"
    with Children() as children:
        assert len(children.extract(good, "a.txt").tables) == 1
        with pytest.raises(ExtractionError, match="took longer than the limit of 1 seconds"):
            children.extract(good, "slow.txt", Limits(max_seconds=1))
        with pytest.raises(ExtractionError, match="needs more memory than the limit of 150 MiB"):
            children.extract(b"a\tb\n" * 1_000_000, "a.txt", Limits(max_memory_bytes=150 * 2**20))
        assert len(children.extract(good, "a.txt").tables) == 1


def test_child_that_takes_no_job_is_late_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe holds 64 KiB: the parent must not wait for ever to put more into it."""
    monkeypatch.setattr(sandbox, "BOOT", "import time; time.sleep(600)")
    with pytest.raises(ExtractionError, match="took longer than the limit of 1 seconds"):
        extract_in_child(b"a\t1\n" * 100_000, "a.txt", Limits(max_seconds=1))


@pytest.mark.parametrize(
    "answer",
    [
        b"\xff" * 8,
        b"\0" * 7 + b"\x02[]",
        b"\0" * 6 + b"\x27\x10" + b"[" * 10_000,
        b"\0" * 7 + b"\x17" + b'["document", {"x":1}, 0, 0]'[:23],
    ],
)
def test_child_that_answers_nonsense(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "BOOT", f"import sys; sys.stdin.buffer.read(8); sys.stdout.buffer.write({answer!r})")
    with pytest.raises(ExtractionError, match="the reader's answer makes no sense"):
        extract_in_child(b"a\t1\n", "a.txt")


def test_child_that_crashes_costs_its_document_only(monkeypatch: pytest.MonkeyPatch) -> None:
    crash = "import os, sys; sys.stdin.buffer.read(8); os.kill(os.getpid(), 11)"
    with Children() as children:
        monkeypatch.setattr(sandbox, "BOOT", crash)
        with pytest.raises(ExtractionError, match=r"the reader crashed on this document \(SIGSEGV\)"):
            children.extract(b"a\t1\n", "a.txt")
        monkeypatch.undo()
        assert len(children.extract(b"a\t1\n", "a.txt").tables) == 1


def test_child_that_is_killed_from_outside_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    run_inside(monkeypatch, sleeping(1, "slow"))
    with Children() as children:
        children.extract(b"a\t1\n", "a.txt")
        pid = children._idle[0]._process.pid
        timer = threading.Timer(0.5, os.killpg, (pid, signal.SIGKILL))
        timer.start()
        assert len(children.extract(b"a\t1\n", "slow.txt").tables) == 1
        assert children._idle[0]._process.pid != pid


def test_child_is_replaced_when_it_has_done_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "MAX_JOBS", 2)
    pids = set()
    with Children() as children:
        for _ in range(3):
            children.extract(b"a\t1\n", "a.txt")
            pids |= {child._process.pid for child in children._idle}
        assert len(pids) == 2


def test_children_that_are_killed_hold_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    run_inside(monkeypatch, SLEEPS_ON_SLOW)
    with Children(1) as children, ThreadPoolExecutor(2) as executor:
        waiting = [executor.submit(children.extract, b"a\t1\n", "slow.txt") for _ in range(2)]
        while not children._busy:
            time.sleep(0.01)
        children.kill()
        for future in waiting:
            with pytest.raises(ExtractionError):
                future.result(timeout=10)


def test_child_is_used_again_and_ends_with_its_owner() -> None:
    with Children() as children:
        for _ in range(3):
            children.extract(b"a\t1\n", "a.txt")
        (child,) = children._idle
        assert child.jobs == 3
    assert child._process.returncode == 0


def test_child_gets_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    told = "import os; from dagster_project.extract import child\n"
    told += "def extract(*_): raise child.ExtractionError(' '.join(['names:', *os.environ]))\nchild.extract = extract"
    run_inside(monkeypatch, told)
    with pytest.raises(ExtractionError) as caught:
        extract_in_child(b"a\t1\n", "a.txt")
    assert set(str(caught.value).split()) <= {"names:", "LD_LIBRARY_PATH", "LC_CTYPE", "PWD", *sandbox.OWN_ENVIRONMENT}
