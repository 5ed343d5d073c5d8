"""Reports that are published and whose files are gone, or cannot be read: what readers have after the next refresh.

Belongs here: the verdict and the rows, by loading and publishing alone. Does not belong here: what the command says and
ends with (``test_endings``).
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.settings import ConfigurationError, Settings, load_settings
from dagster_project.warehouse.intake import removals
from dagster_project.warehouse.intake.load import LoadResult, load_raw
from dagster_project.warehouse.intake.removals import Before, Loss, Published, judge
from dagster_project.warehouse.release.publishing import publish
from dagster_project.warehouse.release.releases import current
from dagster_project.warehouse.state.working import finish_build, make_plan
from tests.conftest import REPORT

NAMES = ("a.txt", "b.txt", "c.txt", "2024/d.txt", "2024/e.txt")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Five reports, published."""
    made = load_settings({}, reports=tmp_path / "reports", warehouse=tmp_path / "warehouse" / "kommunlager.duckdb")
    for number, name in enumerate(NAMES):
        write(made, name, str(number))
    refresh(made)
    return made


def write(settings: Settings, name: str, value: str) -> None:
    path = settings.reports / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(REPORT.format(value=value), encoding="utf-8")


def refresh(settings: Settings) -> LoadResult:
    """Load and publish; nothing is built of the raw tables here."""
    result = load_raw(settings)
    finish_build(settings.working_file, "rules", {})
    publish(settings)
    return result


def values(settings: Settings) -> dict[str, str]:
    """What readers have of each report."""
    with duckdb.connect(settings.warehouse.resolve(), read_only=True) as connection:
        rows = connection.execute(
            "select report_id, text from raw.cell where row_index = 1 and col_index = 2 order by all"
        ).fetchall()
        tables = connection.execute("select count(*), count(distinct report_id) from raw.report_table").fetchone()
    assert tables == (len(rows), len(rows))  # each report once
    return dict(rows)


def stale(settings: Settings) -> dict[str, tuple[str, bool]]:
    """What readers are told of reports that their files could not renew."""
    with duckdb.connect(settings.warehouse.resolve(), read_only=True) as connection:
        rows = connection.execute(
            "select file_name, stale_reason, is_held_back, stale_since from raw.report where stale_reason is not null"
        ).fetchall()
    assert all(since is not None for *_, since in rows)
    return {name: (reason, is_held_back) for name, reason, is_held_back, _ in rows}


ALL = {"a": "0", "b": "1", "c": "2", "2024-d": "3", "2024-e": "4"}


def remove(settings: Settings, *names: str) -> None:
    for name in names:
        (settings.reports / name).unlink()


# --- the verdict ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dropped", "published", "held"),
    [(0, 5, 0), (1, 1, 0), (1, 5, 0), (2, 5, 2), (2, 20, 0), (3, 29, 3), (3, 30, 0), (30, 300, 0), (31, 300, 31)],
)
def test_more_than_one_and_more_than_a_tenth_are_held_back(dropped: int, published: int, held: int) -> None:
    reports = tuple(Published(str(number), f"{number}.txt", str(number)) for number in range(published))
    lost = [Loss(report, removals.GONE, cannot_be_read=False) for report in reports[:dropped]]
    verdict = judge(lost, Before(reports, "", {}), is_accepted=False)
    assert len(verdict.kept) == held
    assert bool(verdict.why_held_back) == bool(held)
    assert judge(lost, Before(reports, "", {}), is_accepted=True).kept == ()


def test_one_on_another_device_is_held_back_and_what_cannot_be_read_is_never_dropped() -> None:
    report = Published("a", "a.txt", "a")
    before = Before(tuple(replace(report, report_id=str(number)) for number in range(100)), "", {})
    (kept,) = judge([Loss(report, removals.GONE, cannot_be_read=False, has_moved=True)], before, is_accepted=False).kept
    assert kept.is_held_back
    verdict = judge([Loss(report, "Input/output error", cannot_be_read=True)], before, is_accepted=True)
    assert [one.is_held_back for one in verdict.kept] == [False]
    assert verdict.why_held_back == ""


# --- files that are gone ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("full", [False, True])
def test_one_report_may_go(settings: Settings, full: bool) -> None:
    remove(settings, "a.txt")
    result = refresh(replace(settings, full=full))
    assert (result.kept, result.why_held_back) == ((), "")
    assert values(settings) == {name: value for name, value in ALL.items() if name != "a"}


@pytest.mark.parametrize("full", [False, True])
def test_many_are_held_back_and_what_is_new_is_published(settings: Settings, full: bool) -> None:
    remove(settings, "a.txt", "b.txt", "2024/d.txt")
    write(settings, "c.txt", "22")
    write(settings, "new.txt", "5")
    settings = replace(settings, full=full)
    for published in (5, 6):  # the next night it is the same
        result = refresh(settings)
        assert result.why_held_back == f"3 of {published} reports would be dropped, which is more than a tenth"
        assert values(settings) == ALL | {"c": "22", "new": "5"}
        assert stale(settings) == dict.fromkeys(("a.txt", "b.txt", "2024/d.txt"), (removals.GONE, True))
    release = current(settings.warehouse)
    refresh(settings)
    assert current(settings.warehouse) == release  # and costs no release
    refresh(replace(settings, accept_removals=True))
    assert values(settings) == {"c": "22", "2024-e": "4", "new": "5"}
    assert stale(settings) == {}


def test_incremental_and_full_keep_the_same(settings: Settings) -> None:
    remove(settings, "a.txt", "b.txt")
    refresh(settings)
    release = current(settings.warehouse)
    refresh(replace(settings, full=True))
    assert current(settings.warehouse) == release
    with duckdb.connect(settings.working_file) as connection:
        plan = make_plan(connection, "rules", lambda content: release is not None and content == release.content_hash)
    assert plan.mode == "nothing"


@pytest.mark.parametrize("full", [False, True])
def test_files_that_come_back_are_read_again(settings: Settings, full: bool) -> None:
    content = (settings.reports / "a.txt").read_bytes()
    remove(settings, "a.txt", "b.txt")
    refresh(replace(settings, full=full))
    (settings.reports / "a.txt").write_bytes(content)
    write(settings, "b.txt", "11")
    result = refresh(settings)
    assert (result.kept, result.why_held_back) == ((), "")
    assert values(settings) == ALL | {"b": "11"}
    assert stale(settings) == {}


@pytest.mark.parametrize("full", [False, True])
def test_what_stays_is_what_readers_have(settings: Settings, full: bool) -> None:
    """Not a correction that failed its tests, which was read before the folder was gone."""
    write(settings, "a.txt", "00")
    load_raw(settings)
    no_folder(settings.reports)
    refresh(replace(settings, full=full))
    assert values(settings) == ALL


def test_renamed_files_are_not_lost(settings: Settings) -> None:
    for name in ("a", "b", "c"):
        (settings.reports / f"{name}.txt").rename(settings.reports / f"{name}{name}.txt")
    result = refresh(settings)
    assert result.why_held_back == ""
    assert set(values(settings)) == {"aa", "bb", "cc", "2024-d", "2024-e"}


def no_folder(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


def empty_folder(folder: Path) -> None:
    no_folder(folder)
    folder.mkdir()


def a_file(folder: Path) -> None:
    no_folder(folder)
    folder.write_text("")


def link_that_leads_nowhere(folder: Path) -> None:
    no_folder(folder)
    folder.symlink_to("not-mounted")


ROOTS = [
    (no_folder, "does not exist", False),
    (empty_folder, "There is no report in", False),
    (empty_folder, "There is no report in", True),
    (a_file, "is no folder", False),
    (link_that_leads_nowhere, "does not exist", True),
]


@pytest.mark.parametrize(("spoil", "what", "full"), ROOTS)
def test_a_reports_folder_that_is_not_there(
    settings: Settings, spoil: Callable[[Path], None], what: str, full: bool
) -> None:
    (settings.reports / "reports.yml").write_text("a.txt: {title: Till a}\n", encoding="utf-8")
    refresh(settings)
    spoil(settings.reports)
    result = refresh(replace(settings, full=full))
    assert what in result.why_held_back
    assert values(settings) == ALL
    assert {is_held_back for _, is_held_back in stale(settings).values()} == {True}
    with duckdb.connect(settings.warehouse.resolve(), read_only=True) as connection:
        assert connection.execute("select report_id, title from raw.report_override").fetchall() == [("a", "Till a")]
    with pytest.raises(ConfigurationError):  # nobody can mean that
        load_raw(replace(settings, accept_removals=True))


def test_one_file_on_a_share_that_is_not_mounted(settings: Settings) -> None:
    """One of five may go; but not where its folder is another device's than it was."""
    noted = settings.state / removals.DEVICES
    devices = json.loads(noted.read_text(encoding="utf-8"))
    assert set(devices["devices"]) == {".", "2024"}
    devices["devices"]["2024"] += 1
    noted.write_text(json.dumps(devices), encoding="utf-8")
    remove(settings, "2024/d.txt")
    result = refresh(settings)
    assert "the folder of 2024/d.txt is on another device" in result.why_held_back
    assert values(settings) == ALL
    refresh(replace(settings, accept_removals=True))
    assert len(values(settings)) == 4
    remove(settings, "2024/e.txt")  # the device that it is on now is the one that counts
    assert refresh(settings).why_held_back == ""


def test_what_reports_yml_said_is_kept_when_it_is_gone(settings: Settings) -> None:
    overrides = settings.reports / "reports.yml"
    overrides.write_text("a.txt: {title: A}\nb.txt: {title: B}\n", encoding="utf-8")
    refresh(settings)
    overrides.unlink()
    for full in (False, True):
        result = refresh(replace(settings, full=full))
        assert result.why_held_back == "reports.yml: the file is gone; what it said of 2 reports is kept"
        with duckdb.connect(settings.warehouse.resolve(), read_only=True) as connection:
            rows = connection.execute("select report_id, title from raw.report_override order by all").fetchall()
        assert rows == [("a", "A"), ("b", "B")]
    assert refresh(replace(settings, accept_removals=True)).why_held_back == ""


# --- files that cannot be read ----------------------------------------------------------------------------------------


def empty(path: Path) -> None:
    path.write_bytes(b"")


def to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def to_dangling_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("not-mounted.txt")


def to_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("spoil", "full"), [(empty, False), (empty, True), (to_folder, False), (to_dangling_link, True), (to_pipe, False)]
)
def test_a_file_that_cannot_be_read_keeps_its_rows(
    settings: Settings, spoil: Callable[[Path], None], full: bool
) -> None:
    spoil(settings.reports / "a.txt")
    write(settings, "b.txt", "11")
    settings = replace(settings, full=full)
    for _ in range(2):
        result = refresh(settings)
        assert [(one.file_name, one.is_held_back) for one in result.kept] == [("a.txt", False)]
        assert result.why_held_back == ""
        assert values(settings) == ALL | {"b": "11"}
        assert set(stale(settings)) == {"a.txt"}
    path = settings.reports / "a.txt"
    path.rmdir() if path.is_dir() else path.unlink()
    write(settings, "a.txt", "00")
    assert refresh(settings).kept == ()
    assert values(settings) == ALL | {"a": "00", "b": "11"}


class Growing(io.FileIO):
    """A file to which somebody adds a row whenever it is read."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.writer = os.open(path, os.O_WRONLY | os.O_APPEND)

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        os.write(self.writer, b"Antal besvarade\t1\t2\n")
        return data

    def close(self) -> None:
        if not self.closed:
            os.close(self.writer)
        super().close()


def test_a_file_that_changes_while_it_is_read_is_read_another_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(settings, "a.txt", "10")
    write(settings, "b.txt", "11")
    real = Path.open

    def opened(path: Path, *mode: Any, **more: Any) -> Any:
        return Growing(path) if (path.name, mode) == ("a.txt", ("rb",)) else real(path, *mode, **more)

    monkeypatch.setattr("dagster_project.warehouse.intake.reading.PAUSES", (0.0,))
    monkeypatch.setattr(Path, "open", opened)
    for _ in range(2):
        (kept,) = refresh(settings).kept
        assert (kept.file_name, kept.reason) == ("a.txt", "the file cannot be read: it changed while it was read")
        assert values(settings) == ALL | {"b": "11"}
    monkeypatch.undo()
    assert refresh(settings).kept == ()
    assert values(settings) == ALL | {"a": "10", "b": "11"}


def test_a_correction_that_is_no_report_withdraws_its_figures(settings: Settings) -> None:
    """One may: the figures that are printed no more would be wrong. Many at once are no correction."""
    (settings.reports / "a.txt").write_text("inga tabeller\n", encoding="utf-8")
    assert refresh(settings).kept == ()
    assert "a" not in values(settings)
    for name in ("b.txt", "c.txt"):
        (settings.reports / name).write_text("inga tabeller\n", encoding="utf-8")
    for full in (False, True):
        result = refresh(replace(settings, full=full))
        assert "2 of 4 reports would be dropped" in result.why_held_back
        assert set(values(settings)) == {"b", "c", "2024-d", "2024-e"}


def test_a_folder_that_cannot_be_listed_keeps_its_reports(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir

    def scandir(path: str) -> object:
        if Path(path).name == "2024":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    for full in (False, True):
        result = refresh(replace(settings, full=full))
        assert result.why_held_back == ""
        assert values(settings) == ALL
        assert set(stale(settings)) == {"2024/d.txt", "2024/e.txt"}
        assert [(one.file_name, one.reason) for one in result.quarantined] == [("2024", "the folder cannot be listed")]
    monkeypatch.undo()
    assert refresh(settings).kept == ()
    assert stale(settings) == {}


def test_a_damaged_release_is_not_taken_for_none(settings: Settings) -> None:
    """The working file has the rows; without it nobody has, and nothing is published in their place."""
    release = settings.warehouse.resolve()
    release.write_bytes(release.read_bytes()[:5000])
    remove(settings, "a.txt", "b.txt", "c.txt")
    with pytest.raises(removals.RemovalsError, match="cannot be read"):
        load_raw(replace(settings, full=True, state=settings.state.with_name("elsewhere")))
    result = refresh(settings)
    assert result.why_held_back == "3 of 5 reports would be dropped, which is more than a tenth"
    assert values(settings) == ALL
    assert settings.warehouse.resolve() != release
