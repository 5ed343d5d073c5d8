"""From files to raw tables: what is found, what is refused and why, and that text comes through as it is."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import date
from pathlib import Path
from typing import Any, Literal

import duckdb
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.extract import Limits, StructureWords
from dagster_project.settings import ConfigurationError, Settings, load_settings
from dagster_project.warehouse.build.transform import TransformError, build
from dagster_project.warehouse.intake import load as load_module
from dagster_project.warehouse.intake.load import LoadResult, load_raw
from dagster_project.warehouse.intake.overrides import Override, Overrides, check_overrides, read_overrides
from dagster_project.warehouse.intake.raw import TABLES
from dagster_project.warehouse.intake.reading import read_chunks, read_reports
from dagster_project.warehouse.intake.scan import FoundFile, find_reports
from dagster_project.warehouse.intake.words import read_structure_words
from tests.children import SLEEPS_ON_SLOW, run_inside, sleeping

ROOT = Path(__file__).resolve().parents[1]

TABLE = (
    "Årsrapport 2023\n\nNyckeltal\tUtfall 2022\tUtfall 2023\nAntal ärenden\t5\t{value}\nAntal beslut\t7\t8\n\nSlut.\n"
)


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    return folder


def write(folder: Path, name: str, value: str = "6") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TABLE.format(value=value), encoding="utf-8")
    return path


def settings_for(reports: Path, **variables: str) -> Settings:
    return load_settings(variables, reports=reports, warehouse=reports.parent / "warehouse" / "k.duckdb")


def load(reports: Path, **variables: str) -> tuple[LoadResult, Settings]:
    settings = settings_for(reports, **variables)
    return load_raw(settings), settings


def ask(settings: Settings, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(settings.working_file, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def refusals(folder: Path, limits: Limits | None = None) -> dict[str, str | None]:
    return {file.file_name: file.refusal for file in find_reports(folder, limits or Limits())}


# --- which files are reports ------------------------------------------------------------------------------------------


def test_reports_are_found_in_subfolders_sorted_and_the_rest_is_left_out(reports: Path) -> None:
    for name in (
        "b.txt",
        "2023/Årsbokslut Växjö.TXT",
        "a.md",
        ".hidden.txt",
        ".git/c.txt",
        "README.md",
        "readme.txt",
        "~$b.txt",
    ):
        write(reports, name)
    (reports / "reports.yml").write_text("")
    found = find_reports(reports, Limits())
    assert [(file.file_name, file.report_id, file.refusal) for file in found] == [
        ("2023/Årsbokslut Växjö.TXT", "2023-arsbokslut-vaxjo", None),
        ("a.md", "a", None),
        ("b.txt", "b", None),
    ]


@pytest.mark.parametrize(
    ("make", "name", "reason"),
    [
        (lambda folder: (folder / "a.pptx").write_bytes(b"PK"), "a.pptx", "format not supported yet: .pptx"),
        (lambda folder: (folder / "LIST").write_bytes(b"x"), "LIST", "format not supported yet: no extension"),
        (lambda folder: write(folder, "---.txt"), "---.txt", "no letter or digit"),
        (lambda folder: (folder / "a.txt").symlink_to("/etc/hostname"), "a.txt", "a link that leaves"),
        (lambda folder: (folder / "a.txt").symlink_to("none.txt"), "a.txt", "a link to a file that does not exist"),
        (lambda folder: (folder / "a.txt").symlink_to("a.txt"), "a.txt", "cannot be examined"),
        (lambda folder: (folder / "all").symlink_to(folder), "all", "a link to a folder"),
        (lambda folder: (folder / "etc").symlink_to("/etc"), "etc", "a link that leaves"),
        (lambda folder: os.mkfifo(folder / "a.txt"), "a.txt", "no regular file"),
    ],
)
def test_what_cannot_be_a_report_is_refused_with_the_reason(
    reports: Path, make: Callable[[Path], object], name: str, reason: str
) -> None:
    make(reports)
    assert reason in (refusals(reports)[name] or "")


def test_a_link_within_the_folder_is_followed(reports: Path) -> None:
    write(reports, "a.txt")
    (reports / "b.txt").symlink_to("a.txt")
    assert refusals(reports) == {"a.txt": None, "b.txt": None}


def test_a_name_that_is_no_utf8_is_shown_and_read(reports: Path) -> None:
    path = os.fsencode(reports) + b"/\xe5r.txt"
    Path(os.fsdecode(path)).write_text(TABLE.format(value="6"), encoding="utf-8")
    result, settings = load(reports)
    assert result.loaded == 1
    assert ask(settings, "select file_name from raw.report") == [("\\xe5r.txt",)]


def test_files_that_share_a_report_id_are_all_refused_and_name_each_other(reports: Path) -> None:
    for name in ("År 1.txt", "ar-1.md", "AR_1.tsv", "ar 2.txt"):
        write(reports, name)
    found = refusals(reports)
    assert found.pop("ar 2.txt") is None
    for name, reason in found.items():
        assert "'ar-1'" in (reason or "")
        assert all(other in (reason or "") for other in found if other != name)


def test_a_newcomer_with_the_report_id_of_a_loaded_file_is_refused_and_the_loaded_one_stays(reports: Path) -> None:
    write(reports, "ar-1.txt", "6")
    load(reports)
    write(reports, "År 1.md", "7")
    for variables in ({}, {}, {"KOMMUNLAGER_FULL": "1"}):
        result, settings = load(reports, **variables)
        assert ask(settings, "select file_name from raw.report where status = 'loaded'") == [("ar-1.txt",)]
        assert ask(settings, "select count(*) from raw.cell where text = '6'") == [(1,)]
        (refused,) = result.quarantined
        assert refused.file_name == "År 1.md"
        assert "'ar-1' of År 1.md is also that of ar-1.txt, which is loaded" in refused.reason
    (reports / "ar-1.txt").unlink()
    result, settings = load(reports)
    assert ask(settings, "select file_name from raw.report where status = 'loaded'") == [("År 1.md",)]


@pytest.mark.parametrize("first", ["NFD", "NFC"])
def test_of_one_name_in_two_spellings_the_loaded_file_stays(reports: Path, first: Literal["NFC", "NFD"]) -> None:
    """Alone it is named in one spelling, whatever its own; the newcomer must not take its place by that name."""
    second: Literal["NFC", "NFD"] = "NFC" if first == "NFD" else "NFD"
    write(reports, unicodedata.normalize(first, "Växjö.txt"), "6")
    load(reports)
    write(reports, unicodedata.normalize(second, "Växjö.txt"), "17")
    for variables in ({}, {}, {"KOMMUNLAGER_FULL": "1"}):
        result, settings = load(reports, **variables)
        assert ask(settings, "select text from raw.cell where text in ('6', '17')") == [("6",)]
        (refused,) = result.quarantined
        assert refused.file_name == unicodedata.normalize(second, "Växjö.txt")
        assert "which is loaded and stays" in refused.reason
    (reports / unicodedata.normalize(first, "Växjö.txt")).unlink()
    result, settings = load(reports)
    assert ask(settings, "select text from raw.cell where text in ('6', '17')") == [("17",)]
    assert ask(settings, "select file_name from raw.report") == [(unicodedata.normalize("NFC", "Växjö.txt"),)]


def test_a_format_without_a_reader_does_not_refuse_its_text(reports: Path) -> None:
    write(reports, "a.txt")
    (reports / "a.pptx").write_bytes(b"PK")
    assert refusals(reports)["a.txt"] is None


def test_an_enormous_file_is_refused_without_being_read(reports: Path) -> None:
    with (reports / "a.txt").open("wb") as handle:
        handle.truncate(1 << 40)  # sparse: a terabyte that takes no room, and that nobody could read in a second
    result, settings = load(reports)
    assert "too large: 1099511627776 bytes" in result.quarantined[0].reason
    assert ask(settings, "select size_bytes, sha256 from raw.report") == [(1 << 40, None)]


def test_a_missing_folder_and_a_file_as_folder_are_wrong_settings(reports: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        find_reports(reports / "none", Limits())
    with pytest.raises(ConfigurationError, match="is no folder"):
        find_reports(write(reports, "a.txt"), Limits())


def test_a_folder_without_reports_is_a_wrong_setting(reports: Path) -> None:
    (reports / "README.md").write_text("Put reports here.")
    with pytest.raises(ConfigurationError, match="no report in"):
        load(reports)


# --- reports.yml ------------------------------------------------------------------------------------------------------

FILES = [FoundFile(Path(name), name, name.partition(".")[0], 1) for name in ("a.txt", "b.txt")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a.txt: {munincipality: Gävle}", "line 1: 'munincipality' is no key; these are: municipality,"),
        ("a.txt:\n  period_start: 2024-13-01", "line 2: period_start is '2024-13-01'; a date like 2024-12-31"),
        ("a.txt:\n  period_start: 20240101", "line 2: period_start is '20240101'"),
        ("a.txt:\n  fiscal_year: 24", "line 2: fiscal_year is '24'; a year like 2024"),
        ("a.txt:\n  version_status: utkast", "line 2: version_status is 'utkast'; one of draft, proposed"),
        ("a.txt:\n  title:", "line 2: title needs one value"),
        ("a.txt:\n  title: [x]", "line 2: title needs one value"),
        ("a.txt:\n  title: x\n  title: y", "line 3: title stands here twice"),
        ("a.txt: Gävle", "line 1: keys and values are expected under 'a.txt'"),
        ("a.txt:", "line 1: keys and values are expected"),
        ("a.txt: {title: x}\na: {title: y}", "line 2: this report has an entry in line 1 too"),
        ("a.txt: {period_start: 2024-02-01, period_end: 2024-01-01}", "period_end 2024-01-01 lies before 2024-02-01"),
        ("a.txt: {1: x, [2]: y}", "line 1: '1' is no key"),
    ],
)
def test_a_bad_entry_refuses_its_report_and_no_other(text: str, reason: str) -> None:
    overrides = check_overrides(f"{text}\nb.txt: {{title: good}}".encode(), FILES)
    assert list(overrides.refusals) == ["a.txt"]
    assert overrides.refusals["a.txt"].startswith("reports.yml, line ")
    assert reason in overrides.refusals["a.txt"]
    assert overrides.by_report["b"] == Override(title="good")
    assert overrides.problem is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a.txt: {title: x", "reports.yml, line 1, column 17: this is not YAML"),
        (b"a.txt:\n\ttitle: x", "line 2, column 1: this is not YAML"),
        (b"- a.txt", "line 1: file names with their values are expected"),
        (b"a.txt", "file names with their values are expected"),
        (b"a.txt: {title: \xff}", "reports.yml is not UTF-8 text (byte 15)"),
        (b"--- {}\n--- {a.txt: {}}", "line 2, column 1: this is not YAML"),
        (b"a.txt: " + b"[" * 5000, "reports.yml"),
    ],
)
def test_an_unusable_file_refuses_the_reports_that_it_mentions(content: bytes, problem: str) -> None:
    overrides = check_overrides(content, FILES)
    assert problem in (overrides.problem or "")
    assert list(overrides.refusals) == ["a.txt"]
    assert not overrides.by_report


def test_an_entry_for_a_report_that_is_not_there_is_a_problem_of_the_file() -> None:
    overrides = check_overrides(b"a.text: {title: x}\nb: {title: y}", FILES)
    assert overrides.problem == "reports.yml, line 1: there is no report 'a.text'; is it 'a.txt'?"
    assert overrides.by_report == {"b": Override(title="y")}
    assert not overrides.refusals


def test_values_are_taken_as_they_are_written() -> None:
    text = (
        "a:\n  municipality: 0180\n  committee: no\n  title: 'x:  y'\n  fiscal_year: 2023\n  period_end: 2023-12-31\n"
    )
    entry = check_overrides(b"\xef\xbb\xbf" + text.encode(), FILES).by_report["a"]
    assert (entry.municipality, entry.committee, entry.title, entry.fiscal_year) == ("0180", "no", "x: y", 2023)
    assert str(entry.period_end) == "2023-12-31"


def test_a_file_name_is_found_however_its_letters_are_composed() -> None:
    files = [FoundFile(Path("a"), "a\u030ar.txt", "ar", 1)]
    assert list(check_overrides("år.txt: {title: x}".encode(), files).by_report) == ["ar"]


@pytest.mark.parametrize("content", [b"", b"# nothing yet\n", b"{}"])
def test_a_file_that_says_nothing_changes_nothing(content: bytes) -> None:
    overrides = check_overrides(content, FILES)
    assert overrides == Overrides(content=content)


def test_a_file_that_cannot_be_read_is_a_wrong_setting(reports: Path) -> None:
    (reports / "reports.yml").mkdir()
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_overrides(reports, [])
    (reports / "reports.yml").rmdir()
    with (reports / "reports.yml").open("wb") as handle:
        handle.truncate(1 << 30)
    with pytest.raises(ConfigurationError, match="larger than"):
        read_overrides(reports, [])


@given(st.one_of(st.binary(), st.text("ab.txt:{}[]-&*!|>'\"\n\t 0tile%@`,?", max_size=60).map(str.encode)))
def test_no_content_ends_in_anything_but_a_verdict(content: bytes) -> None:
    overrides = check_overrides(content, FILES)
    assert set(overrides.by_report) <= {"a", "b"}
    assert set(overrides.refusals) <= {"a.txt", "b.txt"}


def test_overrides_of_loaded_reports_are_rows(reports: Path) -> None:
    write(reports, "a.txt")
    write(reports, "b.txt")
    (reports / "reports.yml").write_text("a: {municipality: 1480, period_end: 2023-12-31}\nb: {colour: red}\n")
    result, settings = load(reports)
    assert ask(settings, "select * from raw.report_override") == [
        ("a", "1480", None, None, None, None, date(2023, 12, 31), None, None, None)
    ]
    assert [(item.file_name, item.reason.partition(";")[0]) for item in result.quarantined] == [
        ("b.txt", "reports.yml, line 2: 'colour' is no key")
    ]


# --- words ------------------------------------------------------------------------------------------------------------


def test_the_words_of_the_seed_are_read() -> None:
    words = read_structure_words(ROOT / "seeds" / "vocabulary" / "structure_words.csv")
    assert "innehållsförteckning" in words.contents_titles
    assert words.status_labels
    assert words.status_values


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("roll,word\nx,y\n", "the column role is missing"),
        ("role,word\nstatus_label,Bedömning\nheading,x\n", "line 3: a word and one of the roles"),
        ("role,word\nstatus_label,\n", "line 2: a word and one"),
        ("", "the column role, word is missing"),
    ],
)
def test_a_bad_seed_of_words_is_a_wrong_setting(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "words.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=reason):
        read_structure_words(path)


def test_words_are_normalised(tmp_path: Path) -> None:
    path = tmp_path / "words.csv"
    path.write_text("role,word\nstatus_value,  Inte\u00a0 UPPNÅTT \n", encoding="utf-8")
    assert read_structure_words(path).status_values == {"inte uppnått"}


# --- raw tables -------------------------------------------------------------------------------------------------------


def test_the_raw_tables_are_those_that_dbt_reads(reports: Path) -> None:
    write(reports, "a.txt")
    _, settings = load(reports)
    sources = yaml.safe_load((ROOT / "dbt" / "models" / "sources.yml").read_text(encoding="utf-8"))["sources"]
    described = {table["name"]: [column["name"] for column in table["columns"]] for table in sources[0]["tables"]}
    there: dict[str, list[object]] = {}
    for table, column in ask(
        settings, "select table_name, column_name from duckdb_columns() where schema_name = 'raw' order by all"
    ):
        there.setdefault(str(table), []).append(column)
    assert {table: sorted(columns) for table, columns in described.items()} == there
    assert described == {table: schema.names for table, schema in TABLES.items()}


EVIL = [
    "Robert'); drop table raw.cell; --",
    "=cmd()|' /C calc'!A0",
    '"quoted", and; more',
    "back\\slash %s {0} {{ ref('x') }} ${HOME}",
    "[red]not markup[/red]",
    "ünïcödé — ‘’ “” 😀",
    "null",
]


def test_cell_text_comes_out_as_it_went_in(reports: Path) -> None:
    rows = "\n".join(f"{text}\t{number}\t{number}" for number, text in enumerate(EVIL))
    (reports / "a.txt").write_text(
        f"Rapport 2023\n\nNyckeltal\tUtfall 2022\tUtfall 2023\n{rows}\n\nSlut.\n", encoding="utf-8"
    )
    _, settings = load(reports)
    found = ask(settings, "select text from raw.cell where col_index = 0 and not is_header order by row_index")
    assert [text for (text,) in found] == EVIL


def test_a_report_row_says_what_was_read(reports: Path) -> None:
    write(reports, "2023/a.txt")
    _, settings = load(reports)
    data = (reports / "2023" / "a.txt").read_bytes()
    row = ask(
        settings,
        "select file_name, report_id, media_type, sha256, size_bytes, extractor, status, error from raw.report",
    )
    digest = hashlib.sha256(data).hexdigest()
    assert row == [("2023/a.txt", "2023-a", "text/plain", digest, len(data), "text", "loaded", None)]
    assert ask(settings, "select now() - extracted_at < interval 1 minute from raw.report") == [(True,)]


CONTENT = "select * exclude (extracted_at, modified_at) from raw.report"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_same_documents_in_another_order_give_the_same_rows(tmp_path: Path, workers: str) -> None:
    names = [f"{letter}/{number}.txt" for letter in "cab" for number in (3, 1, 2)]
    contents = []
    for attempt, order in enumerate((names, names[::-1])):
        folder = tmp_path / str(attempt) / "reports"
        for name in order:
            write(folder, name, value=name)
        _, settings = load(folder, KOMMUNLAGER_WORKERS=workers)
        contents.append([ask(settings, sql) for sql in (CONTENT, "from raw.cell", "from raw.report_table")])
    assert contents[0] == contents[1]
    assert [row[1] for row in contents[0][0]] == sorted(names)


@pytest.mark.parametrize("damage", ["missing", "damaged", "a folder's worth of nothing", "locked"])
def test_whatever_became_of_the_working_file_the_next_load_works(reports: Path, damage: str) -> None:
    write(reports, "a.txt")
    _, settings = load(reports)
    holder = None
    if damage == "missing":
        settings.working_file.unlink()
    elif damage == "damaged":
        settings.working_file.write_bytes(b"no database" * 1000)
    elif damage == "locked":
        hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
        holder = subprocess.Popen(
            [sys.executable, "-c", hold, str(settings.working_file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
    else:
        settings.working_file.write_bytes(b"")
    try:
        result, _ = load(reports)
    finally:
        if holder is not None:
            holder.communicate(b"")
    assert result.loaded == 1
    assert ask(settings, "select count(*) from raw.cell") == [(9,)]


# --- only what has changed --------------------------------------------------------------------------------------------


def later(path: Path) -> None:
    """As if the file had been written a minute ago: one of just now is read again to be sure."""
    while time.time_ns() - path.stat().st_ctime_ns < 2_100_000_000:
        time.sleep(0.1)


def test_a_report_that_has_not_changed_is_not_read_again(reports: Path) -> None:
    later(max([write(reports, name) for name in ("a.txt", "b.txt", "c.txt")], key=lambda path: path.stat().st_ctime_ns))
    assert load(reports)[0].read == ("a.txt", "b.txt", "c.txt")
    assert load(reports)[0].read == ()
    write(reports, "b.txt", value="7")
    (reports / "c.txt").unlink()
    (reports / "d.txt").write_text("inga tabeller")
    result, settings = load(reports)
    assert (result.read, result.removed, result.loaded) == (("b.txt", "d.txt"), ("c.txt",), 2)
    assert ask(settings, "select report_id, count(*) from raw.cell group by all order by all") == [("a", 9), ("b", 9)]
    assert ask(settings, "select text from raw.cell where report_id = 'b' and row_index = 1 and col_index = 2") == [
        ("7",)
    ]
    assert [item.file_name for item in result.quarantined] == ["d.txt"]
    assert load(reports)[0].read == ()


def test_a_file_that_was_only_touched_is_not_read_again(reports: Path) -> None:
    path = write(reports, "a.txt")
    load(reports)
    os.utime(path)
    assert load(reports)[0].read == ()


def test_a_replaced_file_of_the_same_size_and_date_is_noticed(reports: Path) -> None:
    path = write(reports, "a.txt", value="6")
    later(path)
    status = path.stat()
    load(reports)
    write(reports, "a.txt", value="7")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert load(reports)[0].read == ("a.txt",)


def test_other_limits_and_a_full_refresh_read_everything_again(reports: Path) -> None:
    write(reports, "a.txt")
    load(reports)
    assert load(reports, KOMMUNLAGER_MAX_COLUMNS="500")[0].read == ("a.txt",)
    assert load(reports, KOMMUNLAGER_MAX_COLUMNS="500")[0].read == ()
    assert load(reports, KOMMUNLAGER_MAX_COLUMNS="500", KOMMUNLAGER_FULL="1")[0].read == ("a.txt",)


def test_a_name_that_two_files_claim_and_then_one(reports: Path) -> None:
    write(reports, "a.txt")
    write(reports, "b.txt")
    load(reports)
    write(reports, "a.md")
    result, settings = load(reports)
    assert (result.loaded, len(result.quarantined)) == (2, 1)
    assert ask(settings, "select distinct report_id from raw.cell order by all") == [("a",), ("b",)]
    (reports / "a.txt").unlink()
    result, settings = load(reports)
    assert (result.loaded, len(result.quarantined)) == (2, 0)
    assert ask(settings, "select file_name from raw.report order by all") == [("a.md",), ("b.txt",)]


def test_what_may_pass_is_tried_again_and_what_cannot_is_not(reports: Path) -> None:
    write(reports, "a.txt")
    (reports / "b.txt").write_text("inga tabeller")
    later(reports / "b.txt")
    (reports / "a.txt").chmod(0)
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    assert load(reports)[0].read == ("a.txt", "b.txt")
    assert load(reports)[0].read == ("a.txt",)
    (reports / "a.txt").chmod(0o600)
    assert load(reports)[0].loaded == 1


def test_a_locked_file_is_tried_again_at_once(reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, refused = write(reports, "a.txt"), [errno.EBUSY, errno.ESTALE]
    whole = Path.open

    def opened(self: Path, *arguments: Any, **named: Any) -> Any:
        if self == path and refused:
            raise OSError(refused.pop(), "busy")
        return whole(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", opened)
    assert load(reports)[0].loaded == 1
    assert not refused


def test_reports_yml_alone_changes_its_reports_and_reads_none(reports: Path) -> None:
    write(reports, "a.txt")
    write(reports, "b.txt")
    load(reports)
    (reports / "reports.yml").write_text("a: {committee: Socialnämnden}\n")
    result, settings = load(reports)
    assert result.read == ()
    assert ask(settings, "select report_id from main.pending order by all") == [
        ("a",),
        ("b",),
    ]  # nothing was built since
    assert ask(settings, "select report_id, committee from raw.report_override") == [("a", "Socialnämnden")]
    (reports / "reports.yml").unlink()
    assert ask(load(reports)[1], "select count(*) from raw.report_override") == [(0,)]


# --- processes --------------------------------------------------------------------------------------------------------


def big(folder: Path, name: str, rows: int) -> FoundFile:
    lines = "\n".join(f"Rad {row}\t{row}\t{row + 1}" for row in range(rows))
    path = folder / name
    path.write_text(f"Rapport\n\nNyckeltal\tUtfall 2022\tUtfall 2023\n{lines}\n\nSlut.\n", encoding="utf-8")
    return FoundFile(path, name, name.partition(".")[0], path.stat().st_size)


def kill_readers(times: int, stop: threading.Event) -> int:
    """Kill processes that read documents for this one as they appear, at most so many; returns how many."""
    killed = 0
    while killed < times and not stop.is_set():
        for pid in readers_of_this_process()[: times - killed]:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)  # with what it may have started to be shut in
                killed += 1
        time.sleep(0.02)
    return killed


def readers_of_this_process() -> list[int]:
    """Not the servers and drivers of other tests, which are its children too."""
    found = []
    for thread in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # it has ended meanwhile
            for pid in thread.read_text().split():
                if b"dagster_project.extract.child" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(int(pid))
    return found


def read_while_readers_are_killed(files: list[FoundFile], times: int) -> tuple[list[str | None], int]:
    stop = threading.Event()
    killed: list[int] = []
    killer = threading.Thread(target=lambda: killed.append(kill_readers(times, stop)))
    killer.start()
    try:
        errors = [result.error for result in read_reports(files, Limits(), StructureWords(), workers=2)]
    finally:
        stop.set()
        killer.join()
    return errors, killed[0]


def test_a_reader_that_dies_once_costs_no_document(reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_inside(monkeypatch, sleeping(0.3))  # or all may be read before the first reader is seen
    files = [big(reports, f"{number}.txt", 5) for number in range(12)]
    errors, killed = read_while_readers_are_killed(files, times=1)
    assert killed == 1
    assert errors == [None] * 12


def test_a_document_that_kills_its_reader_costs_only_itself(reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_inside(monkeypatch, sleeping(5))
    files = [big(reports, "a.txt", 5)]
    errors, killed = read_while_readers_are_killed(files, times=1000)
    assert killed >= 2
    assert errors == ["the reader was ended by the system, as a rule for want of memory"]


# --- chunks -----------------------------------------------------------------------------------------------------------


def test_a_slow_document_holds_nothing_up(reports: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_inside(monkeypatch, SLEEPS_ON_SLOW)
    files = [big(reports, "slow.txt", 5), *(big(reports, f"{number}.txt", 5) for number in range(20))]
    got: list[str] = []
    with closing(read_chunks(files, Limits(), StructureWords(), workers=2, most=8, seconds=0.5)) as chunks:
        for chunk in chunks:
            assert len(chunk) <= 8
            got += [result.file.file_name for result in chunk]
            if len(got) == 20:
                break  # the slow one goes on for two minutes, and need not be waited for
    assert sorted(got) == sorted(file.file_name for file in files[1:])


LOAD_AND_DIE = """
import os, sys
from pathlib import Path
from dagster_project.settings import load_settings
from dagster_project.warehouse.intake import load
load.CHUNK_REPORTS = 5
if __name__ == "__main__":
    settings = load_settings({}, reports=Path(sys.argv[1]), warehouse=Path(sys.argv[2]))
    load.load_raw(settings, on_read=lambda done, *_: os.kill(os.getpid(), 9) if done == 13 else None)
"""


def test_a_first_load_that_is_killed_goes_on_where_it_was(reports: Path) -> None:
    names = [f"{number:02}.txt" for number in range(20)]
    for name in names:
        write(reports, name, value=name[:2])
    settings = settings_for(reports)
    command = [sys.executable, "-c", LOAD_AND_DIE, str(reports), str(settings.warehouse)]
    assert subprocess.run(command, timeout=60, check=False).returncode == -signal.SIGKILL
    committed = {str(name) for (name,) in ask(settings, "select file_name from raw.report")}
    # A chunk is ten documents, or as many of them as were read: one may come with the next on a busy machine.
    assert 5 <= len(committed) <= 10
    assert ask(settings, "select count(*) from main.known_file") == [(len(committed),)]
    assert ask(settings, "select count(*) from main.pending") == [(20 - len(committed),)]
    # What is half loaded is not built, whoever asks for it.
    with pytest.raises(TransformError, match="has not come to its end"):
        build(settings)
    result = load_raw(settings)
    assert set(result.read) == set(names) - committed
    assert result.loaded == 20
    whole = settings_for(reports, KOMMUNLAGER_STATE=str(reports.parent / "whole"))
    load_raw(whole)
    for table in TABLES:
        columns = [name for name in TABLES[table].names if name not in ("extracted_at", "happened_at")]
        sql = f"select {', '.join(columns)} from raw.{table} order by all"
        assert ask(settings, sql) == ask(whole, sql), table


def test_one_name_for_another_file_keeps_the_rows_of_the_new_one(
    reports: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both files of one report_id are read again, in chunks of their own, and the new one comes first."""
    monkeypatch.setattr(load_module, "CHUNK_REPORTS", 1)
    write(reports, "b.txt")
    load(reports)
    (reports / "b.csv").write_text("Post;2022;2023\nA;1;2\nB;3;4\n")
    big(reports, "b.txt", 2000)
    result, settings = load(reports, KOMMUNLAGER_MAX_BYTES="1000", KOMMUNLAGER_WORKERS="1")
    assert (result.loaded, len(result.quarantined)) == (1, 1)
    assert ask(settings, "select distinct report_id from raw.cell") == [("b",)]
