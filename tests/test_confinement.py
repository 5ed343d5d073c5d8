"""What a document could do that took over the process that reads it: every forbidden thing is tried from inside.

Belongs here: the doors of the child. Does not belong here: what becomes of a document whose child crashes or hangs
(``test_extract_hostile``).
"""

from __future__ import annotations

import ast
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pytest
import xlwt

from dagster_project.extract import ExtractionError, Limits, confinement, sandbox
from dagster_project.extract.sandbox import Children, extract_in_child
from tests.children import run_inside
from tests.test_extract_growth import ods, ods_row
from tests.test_pdf_seen import page

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux closes a process so")

INSIDE = """
import ctypes, errno, os, resource, sys
from dagster_project.extract import child

PARENT = os.getppid() or 1
libc = ctypes.CDLL(None, use_errno=True)

def outcome(attempt):
    try:
        attempt()
    except MemoryError:
        return "MemoryError"
    except OSError as error:
        return errno.errorcode.get(error.errno, "OSError")
    except ValueError as error:
        return "EPERM" if "not allowed" in str(error) else str(error)  # how Python says it of limits
    return "worked"

def call(number, *arguments):
    def attempt():
        result = libc.syscall(number, *[ctypes.c_long(value) for value in (*arguments, 0, 0, 0, 0, 0, 0)[:6]])
        if result == 0 and number in (56, 57, 58, 435):
            os._exit(0)
        if result < 0:
            raise OSError(ctypes.get_errno(), "")
    return attempt

def write(path):
    return lambda: os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))

def many():
    kept = [open(os.__file__) for _ in range(200)]

def more_than_allowed(what):
    return lambda: resource.setrlimit(what, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""


def tell(expression: str) -> str:
    """A program for the inside of a child that tells the value of an expression in place of reading."""
    return f"{INSIDE}\ndef extract(*_): raise child.ExtractionError(repr({expression}))\nchild.extract = extract\n"


def inside(monkeypatch: pytest.MonkeyPatch, expression: str, before: str = "", limits: Limits | None = None) -> object:
    run_inside(monkeypatch, before + tell(expression))
    with pytest.raises(ExtractionError) as caught:
        extract_in_child(b"a\t1\n", "a.txt", limits)
    return ast.literal_eval(str(caught.value))


@pytest.fixture(params=["in the container", "without container"])
def container(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With bubblewrap around the child where it is installed, and without."""
    if request.param == "without container":
        monkeypatch.setattr(sandbox, "_container", lambda: ((), "not wanted"))
    elif (reason := sandbox._container()[1]) is not None:
        pytest.skip(f"bubblewrap: {reason}")


@pytest.fixture
def has_landlock() -> None:
    with Children() as children:
        missing = {layer.name: layer.missing for layer in children.confinement()[0]}["Landlock"]
    if missing is not None:
        pytest.skip(f"Landlock: {missing}")


def workbook() -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in (("Post", "Utfall 2024"), ("Hyror", 70), ("Bidrag", 80)):
        book.worksheets[0].append(row)
    book.save(file)
    return file.getvalue()


def old_workbook() -> bytes:
    book, file = xlwt.Workbook(), io.BytesIO()
    sheet = book.add_sheet("Blad")
    for number, row in enumerate((("Post", "Utfall 2024"), ("Hyror", 70), ("Bidrag", 80))):
        for column, value in enumerate(row):
            sheet.write(number, column, value)
    book.save(file)
    return file.getvalue()


def text_document() -> bytes:
    document, file = docx.Document(), io.BytesIO()
    table = document.add_table(rows=0, cols=2)
    for row in (("Post", "Utfall 2024"), ("Hyror", "70"), ("Bidrag", "80")):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.save(file)
    return file.getvalue()


def open_sheet() -> bytes:
    rows = (("Post", "Utfall 2024"), ("Hyror", "70"), ("Bidrag", "80"))
    return ods("".join(ods_row(*row) for row in rows))


KINDS: dict[str, Callable[[], bytes]] = {
    "xlsx": workbook,
    "xls": old_workbook,
    "docx": text_document,
    "ods": open_sheet,
    "pdf": lambda: page("BT /F1 10 Tf 200 680 Td (12) Tj ET"),
    "html": lambda: b"<table><tr><th>Post<th>Utfall 2024<tr><td>Hyror<td>70<tr><td>Bidrag<td>80</table>",
    "csv": lambda: b"Post;Utfall 2024\nHyror;70\nBidrag;80\n",
    "txt": lambda: b"Post\tUtfall 2024\nHyror\t70\nBidrag\t80\n",
}


@pytest.mark.usefixtures("container")
@pytest.mark.parametrize("kind", KINDS)
def test_the_first_document_of_a_child_may_be_of_any_kind(kind: str) -> None:
    """Libraries are imported late, and some of them look for files of the system then."""
    assert len(extract_in_child(KINDS[kind](), f"a.{kind}").tables) == 1


READS = {
    "passwords": "open('/etc/passwd')",
    "the root": "os.listdir('/')",
    "the parent's environment": "open(f'/proc/{PARENT}/environ')",
    "the parent's memory": "open(f'/proc/{PARENT}/mem', 'rb')",
    "the parent's files": "os.listdir(f'/proc/{PARENT}/fd')",
    "its own environment": "open('/proc/self/environ')",
    "another report": "open(REPORT)",
    "the folder of the reports": "os.listdir(os.path.dirname(REPORT))",
}


@pytest.mark.usefixtures("container", "has_landlock")
def test_no_file_is_read_but_libraries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    report.write_text("a\t1\n")
    tries = ", ".join(f"{name!r}: outcome(lambda: {attempt})" for name, attempt in READS.items())
    found = inside(monkeypatch, f"{{{tries.replace('REPORT', repr(str(report)))}}}")
    assert isinstance(found, dict)
    assert set(found) == set(READS)
    assert {name for name, outcome in found.items() if outcome not in ("EACCES", "EPERM", "ENOENT")} == set()
    assert inside(monkeypatch, "outcome(lambda: open(os.__file__))") == "worked"


@pytest.mark.usefixtures("container")
def test_no_file_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    places = [str(tmp_path / "x"), "/tmp/x", "/dev/shm/x", "/dev/null", str(Path(sandbox.ROOT) / "x"), os.__file__]
    found = inside(monkeypatch, f"[outcome(write(path)) for path in {places!r}]")
    assert isinstance(found, list)
    assert set(found) <= {"EPERM", "EACCES"}
    assert not (tmp_path / "x").exists()


X86_64 = {
    "socket": 41,
    "socketpair": 53,
    "connect": 42,
    "bind": 49,
    "listen": 50,
    "accept": 43,
    "sendto": 44,
    "fork": 57,
    "vfork": 58,
    "clone": 56,
    "clone3": 435,
    "execve": 59,
    "execveat": 322,
    "ptrace": 101,
    "process_vm_readv": 310,
    "process_vm_writev": 311,
    "kcmp": 312,
    "pidfd_open": 434,
    "pidfd_getfd": 438,
    "kill": 62,
    "tkill": 200,
    "rt_sigqueueinfo": 129,
    "pidfd_send_signal": 424,
    "mount": 165,
    "umount2": 166,
    "pivot_root": 155,
    "chroot": 161,
    "unshare": 272,
    "setns": 308,
    "open_tree": 428,
    "fsopen": 430,
    "keyctl": 250,
    "add_key": 248,
    "request_key": 249,
    "bpf": 321,
    "perf_event_open": 298,
    "userfaultfd": 323,
    "io_uring_setup": 425,
    "io_setup": 206,
    "memfd_create": 319,
    "memfd_secret": 447,
    "openat2": 437,
    "name_to_handle_at": 303,
    "creat": 85,
    "rename": 82,
    "unlink": 87,
    "mkdir": 83,
    "symlink": 88,
    "link": 86,
    "chmod": 90,
    "truncate": 76,
    "setuid": 105,
    "setgroups": 116,
    "capset": 126,
    "prctl": 157,
    "seccomp": 317,
    "setrlimit": 160,
    "init_module": 175,
    "kexec_load": 246,
    "reboot": 169,
    "swapon": 167,
    "syslog": 103,
    "personality": 135,
    "shmget": 29,
    "msgget": 68,
    "semget": 64,
    "mq_open": 240,
    "inotify_init1": 294,
    "fanotify_init": 300,
    "sethostname": 170,
    "settimeofday": 164,
    "sched_setaffinity": 203,
    "setpriority": 141,
    "x32 read": 0x40000000,
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the numbers are those of x86-64")
@pytest.mark.usefixtures("container")
def test_no_system_call_but_those_of_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    found = inside(monkeypatch, f"{{name: outcome(call(number)) for name, number in {X86_64!r}.items()}}")
    assert isinstance(found, dict)
    assert {name for name, outcome in found.items() if outcome not in ("EPERM", "ENOSYS")} == set()


@pytest.mark.usefixtures("container")
def test_nothing_else_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = {
        "connection": "__import__('socket').socket()",
        "process": "os.fork()",
        "program": "os.execv('/bin/true', ['true'])",
        "signal": "os.kill(PARENT, 9)",
        "signal by a descriptor": "__import__('fcntl').fcntl(0, 8, PARENT)",
        "priority": "os.nice(-5)",
        "user": "os.setuid(1)",
        "more memory": "more_than_allowed(resource.RLIMIT_AS)()",
        "more time": "more_than_allowed(resource.RLIMIT_CPU)()",
        "longer files": "more_than_allowed(resource.RLIMIT_FSIZE)()",
        "many files": "many()",
    }
    tries = ", ".join(f"{name!r}: outcome(lambda: {attempt})" for name, attempt in attempts.items())
    found = inside(monkeypatch, f"{{{tries}}}")
    assert isinstance(found, dict)
    assert {name: outcome for name, outcome in found.items() if outcome not in ("EPERM", "EMFILE")} == {}


@pytest.mark.usefixtures("container")
def test_no_more_memory_and_time_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(max_memory_bytes=300 * 2**20, max_seconds=2)
    assert inside(monkeypatch, "outcome(lambda: bytearray(2**29))", limits=limits) == "MemoryError"
    hard = inside(monkeypatch, "[resource.getrlimit(what) for what in (resource.RLIMIT_AS, resource.RLIMIT_CPU)]")
    assert hard == [(Limits().max_memory_bytes,) * 2, (2 * Limits().max_seconds + 1, 2 * Limits().max_seconds + 2)]
    loop = "from dagster_project.extract import child\ndef extract(*_):\n    while True: pass\nchild.extract = extract"
    run_inside(monkeypatch, loop)
    with pytest.raises(ExtractionError, match="took longer than the limit of 2 seconds"):
        extract_in_child(b"a\t1\n", "a.txt", limits)


def test_each_layer_holds_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container or an old kernel refuses some; what they keep out together, each keeps out of its own."""
    monkeypatch.setattr(sandbox, "_container", lambda: ((), "not wanted"))
    refuse = (
        "from dagster_project.extract import confinement\n"
        "def refuse(*_): raise confinement._RefusedError('not here')\n"
        "confinement.{} = refuse\n"
    )
    first = "outcome(lambda: __import__('socket').socket())"
    rest = "outcome(write('/tmp/x')), outcome(lambda: os.kill(PARENT, 0))"
    found = inside(monkeypatch, f"[{first}, {rest}]", refuse.format("_close_files"))
    assert found == ["EPERM", "EPERM", "EPERM"]
    monkeypatch.undo()
    monkeypatch.setattr(sandbox, "_container", lambda: ((), "not wanted"))
    if confinement._libc().syscall(444, None, 0, 1) < 6:
        pytest.skip("a Landlock that knows of no signals")
    first = "outcome(lambda: open('/etc/passwd'))"
    assert inside(monkeypatch, f"[{first}, {rest}]", refuse.format("_filter_system_calls")) == [
        "EACCES",
        "EACCES",
        "EPERM",
    ]


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_container", lambda: ((), "not installed"))
    run_inside(
        monkeypatch,
        "from dagster_project.extract import confinement\n"
        "def refuse(*_): raise confinement._RefusedError('not in this kernel')\n"
        "confinement._close_files = refuse",
    )
    with Children() as children:
        layers, attempts = children.confinement()
        missing = {layer.name: layer.missing for layer in layers if layer.missing is not None}
        assert missing == {"bubblewrap": "not installed", "Landlock": "not in this kernel"}
        assert attempts["reads other files"] is True
        assert attempts["opens connections"] is False
        # It reads all the same.
        assert len(children.extract(b"a\t2023\nb\t1\n", "a.txt").tables) == 1


def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    """The parent is killed while the child is busy: nobody is left to read its answer."""
    program = (
        "import os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from dagster_project.extract import sandbox\n"
        "from tests.children import SLEEPS_ON_SLOW\n"
        "sandbox.BOOT = sandbox.BOOT.replace('serve(Start', f'exec({SLEEPS_ON_SLOW!r}, {{}}); serve(Start')\n"
        "children = sandbox.Children()\n"
        "children.extract(b'a\\t1\\n', 'a.txt')\n"
        "print(children._idle[0]._process.pid, flush=True)\n"
        "children.extract(b'a\\t1\\n', 'slow.txt')\n"
    )
    command = [sys.executable, "-c", program, str(sandbox.ROOT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=tmp_path) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        time.sleep(0.3)
        parent.kill()
    due = time.monotonic() + 10
    while _is_running(child) and time.monotonic() < due:
        time.sleep(0.05)
    assert not _is_running(child)


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False
