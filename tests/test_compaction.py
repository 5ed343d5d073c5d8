"""Writing the working file anew: when, what of it stays, and what a kill leaves behind.

Belongs here: the file itself. Does not belong here: refreshes around it (``test_failures``, ``test_soak``).
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from dagster_project.settings import Settings, load_settings
from dagster_project.warehouse.release.compaction import compact
from dagster_project.warehouse.release.publishing import publish
from dagster_project.warehouse.state import working
from dagster_project.warehouse.state.working import finish_build, open_working_file

SECRET = "Ärendet gäller en enskild som inte får namnges i rapporten"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({}, warehouse=tmp_path / "place" / "kommunlager.duckdb")


def filled(settings: Settings, rows: int) -> None:
    """A working file with a report, a table of ``rows`` and a view."""
    connection, _ = open_working_file(settings.working_file, fresh=True)
    with connection:
        connection.execute(
            "insert into raw.report (report_id, file_name, extracted_at, status) values ('r', 'r.txt', now(), 'loaded')"
        )
        connection.execute("create schema marts")
        connection.execute("create table marts.fact (n bigint primary key, word varchar not null)")
        connection.execute("insert into marts.fact select i, md5(i::varchar) from range(?) as t(i)", [rows])
        connection.execute("comment on column marts.fact.word is 'A word'")
        connection.execute("create view marts.total as select sum(n) as total from marts.fact")
    finish_build(settings.working_file, "rules", {})


def test_a_file_that_is_mostly_free_is_written_anew_with_all_that_is_in_it(settings: Settings) -> None:
    filled(settings, 1000)
    assert compact(settings.working_file) == ""
    with duckdb.connect(settings.working_file) as connection:
        connection.execute("create table main.ballast as select md5(i::varchar) as x from range(200_000) as t(i)")
        connection.execute("checkpoint")
        connection.execute("drop table main.ballast")
        connection.execute("create table main.after as select 1 as x")  # behind it, so that the end is not cut off
        connection.execute("checkpoint")
        connection.execute("create table main.more as select md5(i::varchar) as x from range(50_000) as t(i)")
    with duckdb.connect(settings.working_file) as connection:
        connection.execute("drop table main.more")
        connection.execute("create table main.note as select 7 as x")
    before = settings.working_file.stat().st_size
    assert "blocks are free" in compact(settings.working_file)
    assert settings.working_file.stat().st_size < before / 2
    assert compact(settings.working_file) == ""
    with duckdb.connect(settings.working_file) as connection:
        assert connection.execute("select total from marts.total").fetchall() == [(499_500,)]
        assert connection.execute("select x from main.note").fetchall() == [(7,)]
        assert working.is_audited(connection)
        assert working.get(connection, working.BUILT) == "rules"
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("insert into marts.fact values (1, 'x')")
    assert sorted(path.name for path in settings.state.iterdir()) == ["working.duckdb"]


def test_a_file_with_blocks_of_another_size_is_written_anew(settings: Settings) -> None:
    filled(settings, 10)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.working_file}' as source")
        connection.execute(f"attach '{settings.working_file}.large' as target")
        connection.execute("copy from database source to target")
    Path(f"{settings.working_file}.large").replace(settings.working_file)
    assert compact(settings.working_file) == "other size of blocks"
    assert compact(settings.working_file) == ""


@pytest.mark.parametrize("noted", [True, False])
def test_nothing_of_a_report_that_is_gone_stands_in_a_release(settings: Settings, noted: bool) -> None:
    """Not even where no query looks. Without the note it would, or this test could not tell."""
    filled(settings, 10)
    with duckdb.connect(settings.working_file) as connection:
        connection.execute("set force_compression = 'uncompressed'")  # so that its bytes would be found
        connection.execute("create table marts.narrative_of (report_id varchar, text varchar)")
        connection.execute("insert into marts.narrative_of select 'stays', md5(i::varchar) from range(3000) as t(i)")
        connection.execute("insert into marts.narrative_of select 'gone', ? from range(3)", [SECRET])
        connection.execute("checkpoint")
    with duckdb.connect(settings.working_file) as connection:
        connection.execute("delete from marts.narrative_of where report_id = 'gone'")
        if noted:
            working.note_stale(connection)
    finish_build(settings.working_file, "rules", {})
    release = publish(settings).version
    assert (SECRET.encode() in release.read_bytes()) is not noted
    with duckdb.connect(settings.working_file) as connection:
        assert working.get(connection, working.STALE) is None


COMPACT = """
import sys
from pathlib import Path
import duckdb
from dagster_project.warehouse.state import working
from dagster_project.warehouse.release.compaction import compact
path = Path(sys.argv[1])
print("ready", flush=True)
while True:
    with duckdb.connect(path) as connection:
        working.note_stale(connection)
    assert compact(path)
"""


def test_killed_at_any_time_the_file_is_whole(settings: Settings) -> None:
    chance = random.Random(1)
    filled(settings, 300_000)
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", COMPACT, str(settings.working_file)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.0, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        connection, is_new = open_working_file(settings.working_file)
        with connection:
            assert not is_new
            assert connection.execute("select count(*), sum(n) from marts.fact").fetchall() == [(300_000, 44999850000)]
        assert sorted(path.name for path in settings.state.iterdir()) == ["working.duckdb"]
