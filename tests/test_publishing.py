"""From the working file to the file that readers open: what survives the copy, and what a failure leaves behind."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from dagster_project.settings import ConfigurationError, Settings, load_settings
from dagster_project.warehouse.release.publishing import Published, PublishError, publish
from dagster_project.warehouse.release.releases import ReleaseError, check_target, current, releases, roll_back
from dagster_project.warehouse.state.working import NOTES, finish_build

WORKING_FILE = """
    create schema raw;
    create schema marts;
    create table raw.report (
        report_id varchar not null, file_name varchar not null, sha256 varchar, status varchar not null, error varchar
    );
    create table marts.fact (fact_key varchar primary key, n integer not null check (n >= 0), amount decimal(18, 2));
    create view marts.first_view as select * from marts.fact where n > 0;
    create view marts.a_view_on_a_view as select sum(n) as total from marts.first_view;
    comment on table marts.fact is 'One row per fact; it''s quoted';
    comment on column marts.fact.amount is 'SEK';
    comment on view marts.first_view is 'A view';
    comment on column marts.first_view.n is 'In a view';
    create table main.note (x integer);
    create schema dbt_test__audit;
    create table dbt_test__audit.failures (x integer);
    create view dbt_test__audit.of_failures as select * from dbt_test__audit.failures;
"""


def build(settings: Settings, n: int, *, reports: int = 1, more: str = "") -> None:
    """A working file that has passed its tests; every table of it says ``n``."""
    settings.working_file.parent.mkdir(parents=True, exist_ok=True)
    settings.working_file.unlink(missing_ok=True)
    with duckdb.connect(settings.working_file) as connection:
        connection.execute(WORKING_FILE + ";".join(NOTES) + ";" + more)
        connection.execute("insert into marts.fact select 'f' || i, ?, 1.5 from range(?) as t(i)", [n, n])
        connection.execute(
            "insert into raw.report select 'r' || i, 'r' || i || '.txt', 's' || i, 'loaded', null from range(?) t(i)",
            [reports],
        )
    finish_build(settings.working_file, "rules", {"passed": 1})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({}, warehouse=tmp_path / "place" / "kommunlager.duckdb")


def published(settings: Settings, n: int) -> Published:
    build(settings, n)
    return publish(settings)


def total(path: Path) -> object:
    with duckdb.connect(path.resolve(), read_only=True) as connection:
        row = connection.execute("select total from marts.a_view_on_a_view").fetchone()
        assert row is not None
        return row[0]


def files(settings: Settings) -> set[str]:
    """Everything below the warehouse folder but the state, as relative paths."""
    place = settings.warehouse.parent
    return {str(path.relative_to(place)) for path in place.rglob("*") if ".state" not in path.parts}


def test_the_link_leads_to_a_release_named_by_time_and_content(settings: Settings) -> None:
    result = published(settings, 3)
    name = result.release.name
    assert settings.warehouse.is_symlink()
    assert settings.warehouse.readlink() == Path("releases", name, "kommunlager.duckdb")  # the folder can be moved
    assert [release.name for release in releases(settings.warehouse)] == [name]
    assert name.endswith(result.release.content_hash[:8])
    assert files(settings) == {
        "kommunlager.duckdb",
        "releases",
        f"releases/{name}",
        *(f"releases/{name}/{file}" for file in ("kommunlager.duckdb", "manifest.json", "content.json", "diff.md")),
    }
    assert total(settings.warehouse) == 9


def test_the_manifest_says_what_the_release_was_made_of(settings: Settings) -> None:
    result = published(settings, 3)
    manifest = json.loads((result.release.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["tables"]["marts.fact"]["rows"] == 3
    assert manifest["database"]["sha256"] == hashlib.sha256(result.version.read_bytes()).hexdigest()
    assert manifest["reports"] == [{"file_name": "r0.txt", "sha256": "s0", "status": "loaded"}]
    assert manifest["checks"] == {"passed": 1}
    assert {"python", "duckdb", "dbt-core"} <= manifest["versions"].keys()


def test_the_same_content_has_the_same_hash_and_is_not_published_again(settings: Settings) -> None:
    first = published(settings, 3)
    with duckdb.connect(settings.working_file) as connection:  # another order of rows, another time of reading
        connection.execute("create or replace table raw.report as select * from raw.report order by rowid desc")
    again = publish(settings)
    assert (again.is_new, again.release.name) == (False, first.release.name)
    assert "nothing has changed" in again.remark
    other = published(settings, 4)
    assert other.is_new
    assert other.release.content_hash != first.release.content_hash
    back = published(settings, 3)
    assert back.is_new  # what readers have is something else
    assert back.release.content_hash == first.release.content_hash


def test_the_difference_names_reports_and_rows(settings: Settings) -> None:
    published(settings, 3)
    build(settings, 3, reports=2)
    with duckdb.connect(settings.working_file) as connection:
        connection.execute("update marts.fact set amount = 2.5 where fact_key = 'f1'")
        connection.execute("delete from marts.fact where fact_key = 'f0'")
        connection.execute("insert into marts.fact values ('`new`', 3, null)")
    finish_build(settings.working_file, "rules", {})
    result = publish(settings)
    page = (result.release.folder / "diff.md").read_text(encoding="utf-8")
    assert "- added: r1.txt" in page
    assert "| marts.fact | 1 | 1 | 1 |" in page
    assert "- changed: fact_key `f1`: amount `1.50` → `2.50`" in page
    assert "- added: fact_key `'new'`, n `3`" in page
    assert "- removed: fact_key `f0`" in page
    assert result.release.manifest["difference"]["tables"]["marts.fact"] == {"added": 1, "removed": 1, "changed": 1}


def test_going_back_and_forward(settings: Settings) -> None:
    first, second = published(settings, 1), published(settings, 2)
    was, now = roll_back(settings.warehouse)
    assert was is not None
    assert (was.name, now.name) == (second.release.name, first.release.name)
    assert total(settings.warehouse) == 1
    with pytest.raises(ReleaseError, match="There is no release before"):
        roll_back(settings.warehouse)
    # What was withdrawn does not come back by itself, for nothing has changed.
    again = published(settings, 2)
    assert not again.is_new
    assert "was withdrawn" in again.remark
    assert total(settings.warehouse) == 1
    third = published(settings, 3)
    assert third.is_new
    with pytest.raises(ReleaseError, match="no release 'nothing'"):
        roll_back(settings.warehouse, "nothing")
    roll_back(settings.warehouse, second.release.content_hash[:12])
    assert total(settings.warehouse) == 4
    assert published(settings, 3).remark  # going back by name withdraws too
    roll_back(settings.warehouse, third.release.name)
    assert total(settings.warehouse) == 9


def test_a_clock_that_was_set_back_does_not_change_the_order(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = published(settings, 1)
    past = first.release.folder.with_name("29991231T235959Z-" + first.release.content_hash[:8])
    first.release.folder.rename(past)
    settings.warehouse.unlink()
    settings.warehouse.symlink_to(Path("releases", past.name, "kommunlager.duckdb"))
    second = published(settings, 2)
    assert [release.name for release in releases(settings.warehouse)] == [past.name, second.release.name]
    keeping_one = replace(settings, keep=1)
    build(keeping_one, 3)
    assert publish(keeping_one).removed == (past.name, second.release.name)
    assert total(settings.warehouse) == 9


def test_views_comments_and_constraints_survive_and_private_tables_do_not(settings: Settings) -> None:
    result = published(settings, 3)
    assert (len(result.release.manifest["tables"]), result.release.manifest["views"]) == (2, 2)
    with duckdb.connect(settings.warehouse, read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name, comment from duckdb_tables() order by all"
        ).fetchall()
        assert tables == [("marts", "fact", "One row per fact; it's quoted"), ("raw", "report", None)]
        comments = connection.execute(
            "select table_name, column_name, comment from duckdb_columns() where comment is not null order by all"
        ).fetchall()
        assert comments == [("fact", "amount", "SEK"), ("first_view", "n", "In a view")]
        views = connection.execute("select view_name, comment from duckdb_views() where not internal order by all")
        assert views.fetchall() == [("a_view_on_a_view", None), ("first_view", "A view")]
        kinds = connection.execute(
            "select constraint_type from duckdb_constraints() where table_name = 'fact' order by all"
        ).fetchall()
        assert [kind for (kind,) in kinds] == ["CHECK", "NOT NULL", "NOT NULL", "PRIMARY KEY"]
        schemas = connection.execute("select distinct schema_name from duckdb_schemas() where not internal").fetchall()
        assert {schema for (schema,) in schemas} == {"raw", "marts"}


def test_the_views_bind_under_whatever_name_the_file_is_attached(settings: Settings) -> None:
    published(settings, 2)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.warehouse}' as something_else (read_only)")
        assert connection.execute("select total from something_else.marts.a_view_on_a_view").fetchone() == (4,)


def test_a_reader_keeps_the_version_it_opened(settings: Settings) -> None:
    published(settings, 2)
    with duckdb.connect(settings.warehouse.resolve(), read_only=True) as reader:
        published(settings, 3)
        assert reader.execute("select total from marts.a_view_on_a_view").fetchone() == (4,)
        assert total(settings.warehouse) == 9


def test_readers_never_see_half_a_version_nor_none(settings: Settings) -> None:
    published(settings, 1)
    stop = threading.Event()
    seen: set[object] = set()
    problems: list[str] = []

    def read() -> None:
        while not stop.is_set():
            try:
                with duckdb.connect() as connection:
                    connection.execute(f"attach '{settings.warehouse.resolve()}' as wh (read_only)")
                    rows = connection.execute("select count(*), min(n), max(n) from wh.marts.fact").fetchone()
                assert rows is not None
                seen.add(rows[0])
                if len(set(rows)) != 1:
                    problems.append(f"torn: {rows}")
            except Exception as error:
                problems.append(repr(error))

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for n in range(2, 8):
        published(settings, n)
    stop.set()
    for reader in readers:
        reader.join()
    assert not problems
    assert len(seen) > 1  # they read while it changed


def test_the_last_releases_are_kept(settings: Settings) -> None:
    keeping_two = replace(settings, keep=2)
    stranger = settings.warehouse.parent / "kommunlager-backup.duckdb"
    first, second = (published(keeping_two, n) for n in (1, 2))
    stranger.write_bytes(b"somebody's own")
    last = published(keeping_two, 3)
    assert last.removed == (first.release.name,)
    assert [release.name for release in releases(settings.warehouse)] == [second.release.name, last.release.name]
    assert stranger.exists()


def test_the_current_release_is_kept_however_old(settings: Settings) -> None:
    first, second = published(settings, 1), published(settings, 2)
    roll_back(settings.warehouse)
    build(settings, 2)
    assert not publish(replace(settings, keep=1)).is_new
    assert {release.name for release in releases(settings.warehouse)} == {first.release.name, second.release.name}
    assert total(settings.warehouse) == 1


def test_another_warehouse_in_the_same_folder_is_left_alone(settings: Settings) -> None:
    published(settings, 1)
    other = load_settings({}, warehouse=settings.warehouse.with_name("kommunlager-test.duckdb"))
    published(other, 2)
    assert total(settings.warehouse) == 1
    assert len(releases(settings.warehouse)) == len(releases(other.warehouse)) == 1


# --- what must not be published ---------------------------------------------------------------------------------------


def failing(settings: Settings, match: str) -> None:
    before = files(settings)
    with pytest.raises(PublishError, match=match):
        publish(settings)
    assert files(settings) == before
    if settings.warehouse.exists():
        assert total(settings.warehouse) == 1


def test_a_working_file_that_did_not_pass_its_tests(settings: Settings) -> None:
    published(settings, 1)
    build(settings, 2)
    with duckdb.connect(settings.working_file) as connection:
        connection.execute("drop table main.passed_audit")
    failing(settings, "was not built whole and tested")


def test_a_missing_or_damaged_working_file(settings: Settings) -> None:
    published(settings, 1)
    settings.working_file.unlink()
    failing(settings, "cannot be read")
    settings.working_file.write_bytes(b"x" * 100_000)
    failing(settings, "cannot be read")
    assert not settings.working_file.exists()  # the next refresh makes it anew


def test_a_view_that_would_bind_in_the_working_file_only(settings: Settings) -> None:
    published(settings, 1)
    build(settings, 2, more="create view marts.wrong as select * from working.marts.fact;")
    failing(settings, "working")


def test_no_report_does_not_replace_some(settings: Settings) -> None:
    published(settings, 1)
    build(settings, 2, reports=0)
    failing(settings, "Not one report could be loaded, and the published warehouse holds 1")


def test_no_report_may_be_the_first_version(settings: Settings) -> None:
    build(settings, 2, reports=0)
    publish(settings)
    assert total(settings.warehouse) == 4


def test_a_full_disk_leaves_what_was_published_and_nothing_else(settings: Settings) -> None:
    """A limit on the size of files stands for the full disk: the write fails in the middle in the same way."""
    published(settings, 1)
    build(settings, 2, more="create table raw.large as select md5(i::varchar) as x from range(300000) as t(i);")
    before = files(settings)
    script = (
        "import sys; from pathlib import Path\n"
        "from dagster_project.settings import load_settings\n"
        "from dagster_project.warehouse.release.publishing import publish, PublishError\n"
        "try: publish(load_settings(warehouse=Path(sys.argv[1])))\n"
        "except PublishError as error: print(error); sys.exit(7)\n"
    )
    limited = subprocess.run(
        [sys.executable, "-c", script, str(settings.warehouse)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000)),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert limited.returncode == 7, limited.stderr
    assert "The new release could not be written" in limited.stdout
    assert files(settings) == before
    assert total(settings.warehouse) == 1
    publish(settings)
    assert total(settings.warehouse) == 4


def test_leftovers_of_a_killed_refresh_are_removed(settings: Settings) -> None:
    published(settings, 1)
    place = settings.warehouse.parent
    for name in (".kommunlager-1.unfinished", "20240101T000000Z-00000000", ".other-1.unfinished"):
        (place / "releases" / name).mkdir()
        (place / "releases" / name / "half").write_bytes(b"half")
    (place / ".kommunlager-2.unfinished.link").symlink_to("nowhere")
    result = published(settings, 2)
    there = {path.name for path in (place / "releases").iterdir()}
    assert there == {".other-1.unfinished", *(release.name for release in releases(settings.warehouse))}
    assert current(settings.warehouse) is not None
    assert not (place / ".kommunlager-2.unfinished.link").is_symlink()
    assert total(result.version) == 4


# --- where it can be published ----------------------------------------------------------------------------------------


def test_a_file_in_the_place_of_the_link_is_left_as_it_is(settings: Settings) -> None:
    build(settings, 1)
    settings.warehouse.write_bytes(b"the only copy")
    with pytest.raises(ConfigurationError, match="is a file, not a link"):
        publish(settings)
    assert settings.warehouse.read_bytes() == b"the only copy"


def test_a_folder_in_the_place_of_the_link(settings: Settings) -> None:
    settings.warehouse.mkdir(parents=True)
    with pytest.raises(ConfigurationError, match="is a folder, not a link"):
        check_target(settings.warehouse)


def test_a_link_that_leads_nowhere_is_replaced(settings: Settings) -> None:
    build(settings, 1)
    settings.warehouse.symlink_to("kommunlager-gone.duckdb")
    publish(settings)
    assert total(settings.warehouse) == 1


def test_a_place_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be made"):
        check_target(tmp_path / "file" / "kommunlager.duckdb")
    with pytest.raises(ConfigurationError, match=r"must end in \.duckdb"):
        check_target(tmp_path / "kommunlager.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_that_cannot_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigurationError, match="cannot be written to"):
        check_target(tmp_path / "kommunlager.duckdb")
