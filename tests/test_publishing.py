"""From the working file to the file that readers open: what survives the copy, and what a failure leaves behind."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from dagster_project.settings import ConfigurationError, Settings, load_settings
from dagster_project.warehouse.publishing import Published, PublishError, check_target, publish, versions
from dagster_project.warehouse.transform import mark_audited

WORKING_FILE = """
    create schema raw;
    create schema marts;
    create table raw.report (report_id varchar not null, status varchar not null);
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
        connection.execute(WORKING_FILE + more)
        connection.execute("insert into marts.fact select 'f' || i, ?, 1.5 from range(?) as t(i)", [n, n])
        connection.execute("insert into raw.report select 'r' || i, 'loaded' from range(?) as t(i)", [reports])
    mark_audited(settings.working_file)


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
    return {path.name for path in settings.warehouse.parent.iterdir()} - {".state"}


def test_the_link_leads_to_a_version_named_by_time_and_content(settings: Settings) -> None:
    result = published(settings, 3)
    assert settings.warehouse.is_symlink()
    assert settings.warehouse.readlink() == Path(result.version.name)  # relative: the folder can be moved
    assert versions(settings.warehouse) == [result.version]
    assert files(settings) == {"kommunlager.duckdb", result.version.name}
    assert total(settings.warehouse) == 9


def test_views_comments_and_constraints_survive_and_private_tables_do_not(settings: Settings) -> None:
    result = published(settings, 3)
    assert (result.tables, result.views) == (2, 2)
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


def test_the_last_versions_are_kept(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KOMMUNLAGER_KEEP", "2")
    keeping_two = load_settings(warehouse=settings.warehouse)
    stranger = settings.warehouse.parent / "kommunlager-backup.duckdb"
    made = [published(keeping_two, n).version for n in (1, 2)]
    stranger.write_bytes(b"somebody's own")
    # versions of one second are told apart by their content: give them an order
    for number, path in enumerate(made):
        path.rename(path.with_name(f"kommunlager-2024010{number + 1}T000000Z-0000000{number}.duckdb"))
    last = published(keeping_two, 3)
    assert [path.name for path in last.removed] == ["kommunlager-20240101T000000Z-00000000.duckdb"]
    assert [path.name for path in versions(settings.warehouse)] == [
        "kommunlager-20240102T000000Z-00000001.duckdb",
        last.version.name,
    ]
    assert stranger.exists()


def test_another_warehouse_in_the_same_folder_is_left_alone(settings: Settings) -> None:
    published(settings, 1)
    other = load_settings({}, warehouse=settings.warehouse.with_name("kommunlager-test.duckdb"))
    published(other, 2)
    assert total(settings.warehouse) == 1
    assert len(versions(settings.warehouse)) == len(versions(other.warehouse)) == 1


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
        "from dagster_project.warehouse.publishing import publish, PublishError\n"
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
    assert "The new version could not be written" in limited.stdout
    assert files(settings) == before
    assert total(settings.warehouse) == 1
    publish(settings)
    assert total(settings.warehouse) == 4


def test_leftovers_of_a_killed_refresh_are_removed(settings: Settings) -> None:
    published(settings, 1)
    place = settings.warehouse.parent
    for name in (".kommunlager-1.unfinished", ".kommunlager-1.unfinished.wal", ".other-1.unfinished"):
        (place / name).write_bytes(b"half")
    (place / ".kommunlager-2.unfinished.link").symlink_to("nowhere")
    published(settings, 2)
    assert {name for name in files(settings) if name.startswith(".")} == {".other-1.unfinished"}


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
