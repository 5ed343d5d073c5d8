"""Closes the doors of a process that is about to work on what strangers wrote, for good, before it is given any of it.

Belongs here: what Linux offers a process to give up rights of its own: hard limits, capabilities, Landlock, a filter of
system calls; and trying whether they hold. Does not belong here: which process closes itself, what it needs and what it
does then (``child`` for documents, ``serving.containment`` for readers' statements), and how it is started.

Each layer stands by itself, for containers and old kernels refuse some: what cannot be had is left out and told
(:class:`Layer`), and the others hold. Everything is done by system calls through ctypes, so that neither a library of C
nor root is needed.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPEN_FILES = 64
"""Descriptors of the process: a library or two while it is imported."""
SYSTEM_LIBRARIES = (
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/gnu/store"),
    *("/etc/ld.so.cache", "/dev/null", "/dev/urandom"),
)
"""What every process reads: libraries of the system, and devices without content."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a process goes on to do when all else is closed to it."""

    readable: Sequence[str]
    """Files and folders that it reads; all others it may not, and none may it write."""
    memory_bytes: int | None = None
    """Address space; None where it sets a limit of its own later, from inside."""
    cpu_seconds: int | None = None
    """Processor time of the whole process; None as above."""
    answers: bool = False
    """Whether it talks over a socket that it was given and hands over files that it makes in memory."""
    file_bytes: int = 0
    """The most that such a file has."""
    ports: Sequence[int] = ()
    """Of TCP, on which it speaks with itself."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the confinement: ``missing`` says why it is not in force, ``detail`` what of it is."""

    name: str
    detail: str = ""
    missing: str | None = None


class _RefusedError(Exception):
    """The system does not do what was asked; the message says what."""


def confine(needs: Needs, parent: int) -> list[Layer]:
    """Give up, for this process and for good, what it does not need. Threads that are there already keep theirs.

    Args:
        needs: what stays.
        parent: the process with which this one ends; 0 where it cannot be seen from here.

    Returns:
        Every layer, in force or not.
    """
    steps: tuple[tuple[str, Callable[[], str]], ...] = (
        ("limits", lambda: _set_limits(needs)),
        ("ends with its parent", lambda: _end_with(parent)),
        ("not dumpable", lambda: _prctl(PR_SET_DUMPABLE, 0)),
        ("capabilities", _drop_capabilities),
        ("no new privileges", lambda: _prctl(PR_SET_NO_NEW_PRIVS, 1)),
        ("Landlock", lambda: _close_files(needs)),
        # Last, for it forbids the calls of the others.
        ("system calls", lambda: _filter_system_calls(needs)),
    )
    layers = []
    for name, step in steps:
        try:
            layers.append(Layer(name, step()))
        except (_RefusedError, OSError, AttributeError, ValueError) as error:
            layers.append(Layer(name, missing=str(error)))
    return layers


def told(layers: Iterable[Layer], attempted: Mapping[str, bool]) -> dict[str, Any]:
    """What holds a process, as plain values.

    Args:
        layers: what :func:`confine` gave.
        attempted: what must not work, and whether it did.

    Returns:
        ``in_force``: layers, with details. ``missing``: those that this machine does not give, with the reason.
        ``open``: what must not work and did.
    """
    return {
        "in_force": {layer.name: layer.detail for layer in layers if layer.missing is None},
        "missing": {layer.name: layer.missing for layer in layers if layer.missing is not None},
        "open": [what for what, works in attempted.items() if works],
    }


def attempts(parent: int) -> dict[str, bool]:
    """Try what must not work, and say of each whether it did. Harmless where it works."""

    def fork() -> None:
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)

    def connect() -> None:
        import socket

        socket.socket().close()

    tries: dict[str, Callable[[], object]] = {
        "reads other files": lambda: list(Path("/").iterdir()),
        "writes files": lambda: os.close(os.open(f"/tmp/kommunlager-{os.getpid()}", os.O_CREAT | os.O_WRONLY)),  # noqa: S108 - is to fail
        "opens connections": connect,
        "starts processes": fork,
        "signals other processes": lambda: os.kill(parent, 0),
    }
    return {name: _works(attempt) for name, attempt in tries.items()}


def _works(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, ImportError):
        return False
    return True


# --- limits -----------------------------------------------------------------------------------------------------------


def _set_limits(needs: Needs) -> str:
    """Hard limits, which nobody without privileges raises again."""
    wanted = [
        ("RLIMIT_CORE", 0, 0),
        ("RLIMIT_FSIZE", needs.file_bytes, needs.file_bytes),
        ("RLIMIT_MSGQUEUE", 0, 0),
        ("RLIMIT_NOFILE", OPEN_FILES, OPEN_FILES),
    ]
    if not needs.answers:
        # It counts threads too, of all processes of the user, and a database starts some.
        wanted.append(("RLIMIT_NPROC", 0, 0))
    if needs.cpu_seconds is not None:
        # The first second over ends it with a signal that tells why.
        wanted.append(("RLIMIT_CPU", needs.cpu_seconds, needs.cpu_seconds + 1))
    if needs.memory_bytes is not None:
        wanted.append(("RLIMIT_AS", needs.memory_bytes, needs.memory_bytes))
    refused = []
    for name, soft, hard in wanted:
        try:
            what = getattr(resource, name)
            _, most = resource.getrlimit(what)
            hard = hard if most == resource.RLIM_INFINITY else min(hard, most)
            resource.setrlimit(what, (min(soft, hard), hard))
        except (AttributeError, ValueError, OSError):
            refused.append(name)
    if len(refused) == len(wanted):
        raise _RefusedError("the system sets none")
    return f"without {', '.join(refused)}" if refused else ""


# --- prctl and capabilities -------------------------------------------------------------------------------------------

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
CAPABILITY_VERSION_3 = 0x20080522
MAX_CAPABILITY = 63


def _libc() -> ctypes.CDLL:
    if sys.platform != "linux":
        raise _RefusedError(f"not on {sys.platform}")
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        raise _RefusedError(f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def _prctl(option: int, value: int = 0, more: int = 0) -> str:
    # Every argument as long as a register: the kernel looks at all of it.
    arguments = [ctypes.c_ulong(argument) for argument in (value, more, 0, 0)]
    _checked(_libc().prctl(option, *arguments), "refused")
    return ""


def _end_with(parent: int) -> str:
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent and os.getppid() != parent:
        os._exit(1)  # it ended while this process began
    return ""


def _drop_capabilities() -> str:
    """None now, and none to be had again."""
    libc = _libc()
    kept = False
    for capability in range(MAX_CAPABILITY + 1):
        try:
            _prctl(PR_CAPBSET_DROP, capability)
        except _RefusedError:
            # Unknown ones are behind the last; who has no right to drop them has none in force either.
            kept = kept or capability == 0
            break
    _works(lambda: _prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL))
    header = struct.pack("Ii", CAPABILITY_VERSION_3, 0)
    _checked(libc.capset(header, bytes(24)), "refused")
    return "the bounding set stands; no new privileges closes it" if kept else ""


# --- Landlock ---------------------------------------------------------------------------------------------------------

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""Numbers of the system calls, the same on every kind of processor."""
RULESET_VERSION = 1
RULE_PATH_BENEATH, RULE_PORT = 1, 2
READ_FILE, READ_FOLDER = 1 << 2, 1 << 3
FILE_RIGHTS = ((1, 13), (2, 14), (3, 15), (5, 16))
"""From which version of the interface on how many rights on files can be taken away."""
NET_FROM, NET_RIGHTS = 4, 0b11
"""Binding and connecting TCP."""
SCOPED_FROM, SCOPES = 6, 0b11
"""Abstract sockets of, and signals to, processes outside."""


def _close_files(needs: Needs) -> str:
    """Take away every right on files but that of reading; TCP on other ports, and signals, where that can be."""
    libc = _libc()
    libc.syscall.restype = ctypes.c_long
    version = _checked(libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), RULESET_VERSION), "not in this kernel")
    count = max(rights for since, rights in FILE_RIGHTS if version >= since)
    attributes = [(1 << count) - 1]
    if version >= NET_FROM:
        attributes.append(NET_RIGHTS)
    if version >= SCOPED_FROM:
        attributes.append(SCOPES)
    packed = struct.pack(f"={len(attributes)}Q", *attributes)
    rules = _checked(libc.syscall(CREATE_RULESET, packed, ctypes.c_size_t(len(packed)), 0), "refused")
    try:
        for path in needs.readable:
            _allow_reading(libc, rules, path)
        if version >= NET_FROM:
            for port in needs.ports:
                rule = struct.pack("=QQ", NET_RIGHTS, port)
                _checked(libc.syscall(ADD_RULE, rules, RULE_PORT, rule, 0), f"refused for port {port}")
        _checked(libc.syscall(RESTRICT_SELF, rules, 0), "refused")
    finally:
        os.close(rules)
    return f"version {version}"


def _allow_reading(libc: ctypes.CDLL, rules: int, path: str) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no rule
    try:
        rights = READ_FILE | READ_FOLDER if Path(path).is_dir() else READ_FILE
        rule = struct.pack("=Qi", rights, place)
        _checked(libc.syscall(ADD_RULE, rules, RULE_PATH_BENEATH, rule, 0), f"refused for {path}")
    finally:
        os.close(place)


# --- system calls -----------------------------------------------------------------------------------------------------

X86_64, AARCH64 = 0xC000003E, 0xC00000B7
MACHINES = {"x86_64": (0, X86_64), "AMD64": (0, X86_64), "aarch64": (1, AARCH64), "arm64": (1, AARCH64)}
"""Kind of processor: its column in the tables below, and its name in the kernel."""
ALLOWED: dict[str, tuple[int | None, int | None]] = {
    # files that are open, and finding libraries; Landlock says which files
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "close": (3, 57),
    "stat": (4, None),
    "fstat": (5, 80),
    "lstat": (6, None),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "lseek": (8, 62),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "getcwd": (79, 17),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getdents": (78, None),
    "getdents64": (217, 61),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    "fadvise64": (221, 223),
    "dup": (32, 23),
    # memory
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "mincore": (27, 232),
    "membarrier": (324, 283),
    # threads and signals of its own
    "futex": (202, 98),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "getcpu": (309, 168),
    "set_tid_address": (218, 96),
    "set_robust_list": (273, 99),
    "rseq": (334, 293),
    "restart_syscall": (219, 128),
    "arch_prctl": (158, None),
    "exit": (60, 93),
    "exit_group": (231, 94),
    # time, chance, and what it is itself
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "times": (100, 153),
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getrusage": (98, 165),
    "getrlimit": (97, 163),
    "uname": (63, 160),
    "sysinfo": (99, 179),
}
"""System calls that are allowed whatever their arguments: number on x86-64 and on ARM."""
ANSWERING: dict[str, tuple[int | None, int | None]] = {
    "recvfrom": (45, 207),
    "recvmsg": (47, 212),
    "memfd_create": (319, 279),
}
"""Besides, for who answers over a socket that it was given."""
SPEAKING: dict[str, tuple[int | None, int | None]] = {
    "bind": (49, 200),
    "listen": (50, 201),
    "connect": (42, 203),
    "accept": (43, 202),
    "accept4": (288, 242),
    "getsockname": (51, 204),
    "getpeername": (52, 205),
    "getsockopt": (55, 209),
    "setsockopt": (54, 208),
    "shutdown": (48, 210),
}
"""Besides, for who speaks with itself over TCP."""
OPEN: dict[str, tuple[int | None, int | None]] = {"open": (2, None), "openat": (257, 56)}
CLONE, CLONE3, TGKILL = (56, 220), (435, 435), (234, 131)
FCNTL, IOCTL, PRLIMIT = (72, 25), (16, 29), (302, 261)
SENDTO, SENDMSG, SOCKET = (44, 206), (46, 211), (41, 198)
NEWEST = 470
"""Above it are calls newer than this list, of which the C library must hear that they do not exist."""
X32 = 0x40000000
"""Where the other calling convention of x86-64 begins."""
CLONE_THREAD = 0x00010000
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
FCNTL_COMMANDS = (0, 1, 2, 3, 1030)
"""Copying a descriptor, and reading and setting its flags; not: sending signals by it."""
LOCK_COMMANDS = (5, 6)
"""Asking for a lock, and taking one, as a database does on a file that it reads."""
TERMINAL, CLOSE_ON_EXEC, DO_NOT_WAIT = 0x5401, 0x5451, 0x5421
"""What Python asks a file that it opens: whether it is a terminal. And a socket, not to wait."""
FAST_OPEN = 0x20000000
"""Sending that connects."""
AF_INET = 2
TCP = tuple(1 | flags for flags in (0, os.O_NONBLOCK, os.O_CLOEXEC, os.O_NONBLOCK | os.O_CLOEXEC))
OWN_LIMITS = (resource.RLIMIT_CPU, resource.RLIMIT_AS)
"""Limits that a process may set itself; nobody without privileges raises a hard one."""

LOAD, EQUAL, ANY_BIT, GREATER, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
"""Instructions of the filter: load a word, compare it with a number (equal, bits in common, at least), return."""
CALL, MACHINE, ARGUMENTS = 0, 4, 16
"""Where in what the kernel shows a filter the number of the call, the processor and the arguments stand."""
LET, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
EPERM, ENOSYS = 1, 38
Filter = list[tuple[int, int, int, int]]
"""Instructions: code, how many to jump over if it is true and if not, number."""


def _filter_system_calls(needs: Needs) -> str:
    """Let through only what is needed: no other process, no program, no file to write, no connection to others."""
    machine = MACHINES.get(platform.machine())
    if machine is None or sys.platform != "linux" or sys.maxsize < 2**32:
        raise _RefusedError(f"no list of calls for {platform.machine()}")
    filter_ = _assemble(needs, *machine)
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in filter_)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(filter_), ctypes.addressof(buffer))
    _checked(_libc().prctl(PR_SET_SECCOMP, ctypes.c_ulong(2), program, ctypes.c_ulong(0), ctypes.c_ulong(0)), "refused")
    return ""


def _assemble(needs: Needs, column: int, machine: int) -> Filter:
    """The filter for one kind of processor; what is not let through is refused, not punished."""
    result: Filter = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, machine), (RETURN, 0, 0, KILL), (LOAD, 0, 0, CALL)]
    if machine == X86_64:
        result += [(GREATER, 0, 1, X32), (RETURN, 0, 0, REFUSE | EPERM)]
    result += [(GREATER, 0, 1, NEWEST), (RETURN, 0, 0, REFUSE | ENOSYS)]
    # Its arguments lie in memory, out of a filter's sight: the C library then takes clone.
    result += [(EQUAL, 0, 1, CLONE3[column]), (RETURN, 0, 0, REFUSE | ENOSYS)]
    allowed = ALLOWED | (ANSWERING if needs.answers else {}) | (SPEAKING if needs.ports else {})
    for numbers in allowed.values():
        if (number := numbers[column]) is not None:
            result += [(EQUAL, 0, 1, number), (RETURN, 0, 0, LET)]
    for name, numbers in OPEN.items():
        if (number := numbers[column]) is not None:
            flags = 1 if name == "open" else 2
            result += _only(number, [(LOAD, 0, 0, _low(flags)), (ANY_BIT, 1, 0, WRITING), (RETURN, 0, 0, LET)])
    thread = [(LOAD, 0, 0, _low(0)), (ANY_BIT, 0, 1, CLONE_THREAD), (RETURN, 0, 0, LET)]
    result += _only(CLONE[column], thread)
    result += _only(TGKILL[column], _one_of(0, (os.getpid(),)))
    result += _only(FCNTL[column], _one_of(1, FCNTL_COMMANDS + (LOCK_COMMANDS if needs.answers else ())))
    result += _only(IOCTL[column], _one_of(1, (TERMINAL, CLOSE_ON_EXEC) + ((DO_NOT_WAIT,) if needs.ports else ())))
    # Its own limits, of which it reads all, for the place of the new ones is nowhere then, and sets some.
    limits = [*_unless_zero(_low(0)), *(_one_of(1, OWN_LIMITS) if needs.answers else [])]
    limits += [*_unless_zero(_low(2)), *_unless_zero(_low(2) + 4), (RETURN, 0, 0, LET)]
    result += _only(PRLIMIT[column], limits)
    if needs.answers:
        # To whom the socket leads: no address, and none in a message, which a connected one refuses.
        no_address = [*_unless_zero(_low(4)), *_unless_zero(_low(4) + 4)]
        result += _only(SENDTO[column], [*_without_flags(3, FAST_OPEN), *no_address, (RETURN, 0, 0, LET)])
        result += _only(SENDMSG[column], [*_without_flags(2, FAST_OPEN), (RETURN, 0, 0, LET)])
    if needs.ports:
        is_inet: Filter = [(LOAD, 0, 0, _low(0)), (EQUAL, 1, 0, AF_INET), (RETURN, 0, 0, REFUSE | EPERM)]
        result += _only(SOCKET[column], [*is_inet, *_one_of(1, TCP)])
    return [*result, (RETURN, 0, 0, REFUSE | EPERM)]


def _unless_zero(word: int) -> Filter:
    """Refuse where a word is anything but zero."""
    return [(LOAD, 0, 0, word), (EQUAL, 1, 0, 0), (RETURN, 0, 0, REFUSE | EPERM)]


def _without_flags(argument: int, flags: int) -> Filter:
    """Refuse where any of the flags is set."""
    return [(LOAD, 0, 0, _low(argument)), (ANY_BIT, 0, 1, flags), (RETURN, 0, 0, REFUSE | EPERM)]


def _low(argument: int) -> int:
    """The place of the lower half of an argument; both processors put it first."""
    return ARGUMENTS + 8 * argument


def _one_of(argument: int, values: Iterable[int]) -> Filter:
    result: Filter = [(LOAD, 0, 0, _low(argument))]
    for value in values:
        result += [(EQUAL, 0, 1, value), (RETURN, 0, 0, LET)]
    return result


def _only(number: int, body: Filter) -> Filter:
    """A body for one call; refused where it comes to its end."""
    body = [*body, (RETURN, 0, 0, REFUSE | EPERM)]
    return [(EQUAL, 0, len(body), number), *body]
