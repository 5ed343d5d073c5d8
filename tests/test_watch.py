"""The inbox, the schedule, and telling of failures: with a real object store and real receivers on this machine."""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from dagster_project.defs.watch.sensors import next_look
from dagster_project.settings import ConfigurationError, Settings, load_settings
from dagster_project.warehouse.intake.inbox import InboxError, InboxFile, fetch, listing, owed
from dagster_project.warehouse.state.notify import notify
from tests.conftest import REPORT

LATER = 3600.0


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "reports").mkdir()
    return load_settings({}, reports=tmp_path / "reports", warehouse=tmp_path / "w" / "kommunlager.duckdb")


# --- inbox ------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["local", "memory", "s3"])
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Callable[[str, str], None]]:
    """The address of an inbox, and how a file is put there."""
    import fsspec

    if request.param == "local":
        address = str(tmp_path / "inkorg")
    elif request.param == "memory":
        address = f"memory://{uuid.uuid4()}"
    else:
        address = f"{request.getfixturevalue('s3')}/{uuid.uuid4()}"
    fs, root = fsspec.core.url_to_fs(address)

    def put(name: str, text: str) -> None:
        fs.makedirs(f"{root}/{name}".rpartition("/")[0], exist_ok=True)
        with fs.open(f"{root}/{name}", "wb") as handle:
            handle.write(text.encode())

    return address, put


def test_new_and_changed_files_are_fetched_once_and_whole(
    settings: Settings, inbox: tuple[str, Callable[[str, str], None]]
) -> None:
    address, put = inbox
    watching = replace(settings, inbox=address)
    put("a.txt", REPORT.format(value="1"))
    put("2024/b.txt", REPORT.format(value="2"))
    put(".hidden.txt", "x")
    put("not-a-report.zip", "x")
    assert [file.name for file in listing(address)] == ["2024/b.txt", "a.txt"]
    assert fetch(watching) == []  # written just now: they may be growing
    later = time.time() + LATER
    assert fetch(watching, later) == ["2024/b.txt", "a.txt"]
    assert (settings.reports / "2024" / "b.txt").read_text(encoding="utf-8") == REPORT.format(value="2")
    assert fetch(watching, later) == []
    time.sleep(1.1)  # dates of an object store have whole seconds
    put("a.txt", REPORT.format(value="33"))
    assert fetch(watching, later) == ["a.txt"]
    assert not list(settings.reports.rglob(".*"))
    (settings.reports / "a.txt").unlink()  # somebody withdrew it from the reports; the inbox still has it
    assert fetch(watching, later) == ["a.txt"]


def test_one_file_that_cannot_be_fetched_keeps_no_other_back(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It vanishes or changes while it is fetched, may not be read, is a folder here, or has a very long name."""
    from fsspec.implementations.local import LocalFileSystem

    place = tmp_path / "inkorg"
    place.mkdir()
    names = ["a.txt", "changes.txt", "folder.txt", "gone.txt", "refused.txt", "x" * 246 + ".txt", "z.txt", "~$z.docx"]
    for name in names:
        (place / name).write_text(REPORT.format(value="1"), encoding="utf-8")
    (settings.reports / "folder.txt").mkdir()
    real = LocalFileSystem.get_file

    def get_file(self: LocalFileSystem, source: str, target: str, **more: Any) -> None:
        name = Path(source).name
        if name == "gone.txt":
            Path(source).unlink(missing_ok=True)
        if name == "refused.txt":
            raise PermissionError(13, "Permission denied", source)
        real(self, source, target, **more)
        if name == "changes.txt":
            with Path(source).open("a") as handle:
                handle.write("mer")

    monkeypatch.setattr(LocalFileSystem, "get_file", get_file)
    later = time.time() + LATER
    watching = replace(settings, inbox=str(place))
    assert fetch(watching, later) == ["a.txt", "x" * 246 + ".txt", "z.txt"]
    monkeypatch.undo()
    (settings.reports / "folder.txt").rmdir()
    assert owed(watching, listing(str(place))) == ["changes.txt", "folder.txt", "refused.txt"]
    assert fetch(watching, later) == ["changes.txt", "folder.txt", "refused.txt"]
    assert owed(watching, listing(str(place))) == []
    assert not list(settings.reports.rglob(".*"))


def test_an_inbox_that_does_not_answer_any_more_is_given_up(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.implementations.local import LocalFileSystem

    asked: list[str] = []

    def get_file(self: LocalFileSystem, source: str, *_: Any, **__: Any) -> None:
        asked.append(source)
        if Path(source).name != "a.txt":
            raise ConnectionResetError("gone")

    for name in "abcdefgh":
        (tmp_path / "inkorg" / f"{name}.txt").parent.mkdir(exist_ok=True)
        (tmp_path / "inkorg" / f"{name}.txt").write_text("")
    monkeypatch.setattr(LocalFileSystem, "get_file", get_file)
    monkeypatch.setattr("dagster_project.warehouse.intake.inbox.PAUSES", ())
    with pytest.raises(InboxError, match="gone"):
        fetch(replace(settings, inbox=str(tmp_path / "inkorg")), time.time() + LATER)
    assert len(set(asked)) == 4


def test_a_file_dated_ahead_is_taken_when_it_has_looked_the_same_for_a_while(
    settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "inkorg" / "a.txt"
    file.parent.mkdir()
    file.write_text("x")
    now = time.time()
    watching = replace(settings, inbox=str(file.parent))
    os.utime(file, (now + 1e6, now + 1e6))
    assert fetch(watching, now) == []
    assert fetch(watching, now + 10) == []
    file.write_text("xy")
    os.utime(file, (now + 1e6, now + 1e6))
    assert fetch(watching, now + 40) == []
    assert fetch(watching, now + 75) == ["a.txt"]


def test_two_names_that_are_one_to_a_person_are_one_file(settings: Settings, tmp_path: Path) -> None:
    place = tmp_path / "inkorg"
    place.mkdir()
    (place / "a\u030ar.txt").write_text("1")
    watching = replace(settings, inbox=str(place))
    later = time.time() + LATER
    assert fetch(watching, later) == ["a\u030ar.txt"]
    assert [path.name for path in settings.reports.iterdir()] == ["år.txt"]
    (place / "år.txt").write_text("2")
    assert fetch(watching, later) == []
    assert (settings.reports / "år.txt").read_text() == "1"


def test_runs_are_asked_for_again_where_files_are_as_before_and_where_a_run_failed() -> None:
    def file(name: str) -> InboxFile:
        return InboxFile(name, 1, "1 x", 0.0)

    one, two = [file("a.txt")], [file("a.txt"), file("b.txt")]
    cursor: str | None = None
    keys = []
    for files in (one, one, two, two, one, one):
        cursor, key = next_look(files, cursor, now=1000.0)
        keys.append(key)
    assert [key is not None for key in keys] == [False, True] * 3
    assert len(set(keys)) == 4
    # Owed: again after a minute, then after two.
    asked = []
    for now in range(1000, 1400, 10):
        cursor, key = next_look(one, cursor, is_owed=True, now=float(now))
        if key:
            asked.append(now)
            keys.append(key)
    assert asked == [1060, 1180]
    assert len(set(keys)) == 6
    assert next_look(one, cursor, now=9999.0)[1] is None


def test_an_inbox_that_is_not_there_is_said_and_nothing_is_removed(settings: Settings, tmp_path: Path) -> None:
    (settings.reports / "a.txt").write_text("x")
    with pytest.raises(InboxError, match="cannot be read"):
        fetch(replace(settings, inbox=str(tmp_path / "nowhere")))
    with pytest.raises(InboxError, match="cannot be opened"):
        fetch(replace(settings, inbox="nosuchprotocol://user:secret@host/x"))
    assert (settings.reports / "a.txt").exists()


def test_the_reports_folder_may_be_the_inbox(settings: Settings) -> None:
    (settings.reports / "a.txt").write_text("x")
    assert fetch(replace(settings, inbox=str(settings.reports)), time.time() + LATER) == []


def test_the_sensor_waits_until_files_have_stopped_growing_and_asks_for_one_run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dagster as dg

    from dagster_project.defs.watch.sensors import inbox as sensor

    monkeypatch.setenv("KOMMUNLAGER_REPORTS", str(settings.reports))
    monkeypatch.delenv("KOMMUNLAGER_INBOX", raising=False)
    with dg.DagsterInstance.ephemeral() as instance:
        cursor: str | None = None

        def look() -> list[str | None]:
            nonlocal cursor
            with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
                data = sensor.evaluate_tick(context)
                cursor = data.cursor
                return [request.run_key for request in data.run_requests or ()]

        assert look() == []
        for number in range(3):
            (settings.reports / f"{number}.txt").write_text("x")
        assert look() == []
        (settings.reports / "2.txt").write_text("x" * 100)  # still growing
        assert look() == []
        (first,) = look()  # three files, one run
        assert look() == []
        (settings.reports / "2.txt").write_text("y" * 101)
        assert look() == []
        (second,) = look()
        assert first != second


def test_the_schedule_is_in_swedish_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from dagster_project.defs.watch.sensors import nightly
    from dagster_project.defs.watch.times import checked, next_time

    assert nightly.execution_timezone == "Europe/Stockholm"
    assert next_time("") is None
    assert str(next_time("0 3 * * *"))[11:] in ("01:00:00Z", "02:00:00Z")
    with pytest.raises(ConfigurationError, match="must be a cron expression"):
        checked("every night")


# --- telling of failures ----------------------------------------------------------------------------------------------


@contextmanager
def receiver(status: int = 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A web server that takes down what is posted to it."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/secret-hook", got
    server.shutdown()
    server.server_close()


@contextmanager
def mailbox() -> Iterator[tuple[str, list[str]]]:
    """An SMTP server that takes down what is sent to it: just enough of RFC 5321."""
    got: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            while line := self.rfile.readline():
                word = line.split()[0].upper()
                if word == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = []
                    while (line := self.rfile.readline()) != b".\r\n":
                        lines.append(line)
                    got.append(b"".join(lines).decode())
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                if word == b"QUIT":
                    return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"smtp://127.0.0.1:{server.server_address[1]}", got
        server.shutdown()


FACTS = {"run": "abc", "error": "no_cell_says_fail: Got 1 result", "seconds": {"total": 1.5}, "release": "not told"}


def test_a_failure_is_posted_and_mailed(settings: Settings) -> None:
    with receiver() as (address, posted), mailbox() as (smtp, mails):
        assert not notify(replace(settings, webhook=address, mail_to="a@example.org,b@example.org", smtp=smtp), FACTS)
    (message,) = posted
    assert message["event"] == "refresh.failed"
    assert message["error"] == FACTS["error"]
    assert message["warehouse"] == str(settings.warehouse)
    assert "release" not in message
    (mail,) = mails
    assert "To: a@example.org, b@example.org" in mail or "To: a@example.org,b@example.org" in mail
    assert "no_cell_says_fail" in mail


def test_what_is_sent_says_how_bad_it_is(settings: Settings) -> None:
    """Nothing published, something published, and published too long ago."""
    with receiver() as (address, posted), mailbox() as (smtp, mails):
        telling = replace(settings, webhook=address, mail_to="a@example.org", smtp=smtp)
        notify(telling, FACTS)
        settings.warehouse.parent.mkdir(parents=True)
        settings.warehouse.write_bytes(b"")
        notify(telling, FACTS)
        settings.state.mkdir(parents=True)
        good = {"run": "a", "started_at": "2024-01-01T00:00:00Z", "finished_at": "2024-01-01T00:00:00Z", "ok": True}
        (settings.state / "refreshes.jsonl").write_text(json.dumps(good) + "\n", encoding="utf-8")
        notify(replace(telling, max_age_hours=36), FACTS)
        notify(telling, {"set_aside": ["r1"]}, "reports.set_aside", "warning")
    assert [message["severity"] for message in posted] == ["critical", "error", "critical", "warning"]
    subjects = [next(line for line in mail.splitlines() if line.startswith("Subject: ")) for mail in mails]
    assert "kommunlager: critical: refresh failed" in subjects[0]
    assert "kommunlager: warning: reports set aside" in subjects[3]
    assert ["Importance: high" in mail for mail in mails] == [True, False, True, False]
    assert posted[3]["set_aside"] == ["r1"]


def test_who_cannot_be_told_is_said_without_the_secret_address(settings: Settings) -> None:
    assert notify(settings, FACTS) == []
    with receiver(status=500) as (address, _):
        (problem,) = notify(replace(settings, webhook=address), FACTS)
    assert "500" in problem
    assert "secret-hook" not in problem
    (problem,) = notify(replace(settings, mail_to="a@example.org", smtp="localhost"), FACTS)
    assert "KOMMUNLAGER_SMTP must be" in problem


FAILED_RUN = """
import sys
import dagster as dg
from dagster_project.definitions import defs
from dagster_project.defs.watch.sensors import tell_of_failure

job = defs().resolve_job_def("refresh")
with dg.DagsterInstance.ephemeral() as instance:
    result = job.execute_in_process(instance=instance, raise_on_error=False, tags=eval(sys.argv[1]))
    assert not result.success
    event = next(event for event in result.all_events if event.event_type is dg.DagsterEventType.RUN_FAILURE)
    run = instance.get_run_by_id(result.run_id)
    context = dg.build_run_status_sensor_context("tell_of_failure", event, instance, run)
    tell_of_failure(context.for_run_failure())
"""


@pytest.mark.slow
def test_the_sensor_of_failed_runs_tells_unless_the_command_line_does(settings: Settings) -> None:
    """A real run of the job that fails: its reports folder is empty."""
    with receiver() as (address, posted):
        for tags in ("{}", "{'kommunlager/launched_by': 'command line'}"):
            done = subprocess.run(
                [sys.executable, "-c", FAILED_RUN, tags],
                env=os.environ | replace(settings, webhook=address).as_environment(),
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
    (message,) = posted
    assert "There is no report in" in message["error"]
