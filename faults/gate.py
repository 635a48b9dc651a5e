"""
A gate that every system call of a process and of all it starts has to pass.

The kernel asks before it carries a call out (seccomp_unotify(2), Linux 5.5), whatever program
makes it and however: with libc, with stdio, statically linked.  The judge lets it pass, has it
fail with an error, or ends the process right there, between two calls.
"""

import ctypes
import errno
import fcntl
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from faults.syscalls import CREATING, FLAGS, FORMS, SECCOMP, WRITING, Form, Kind

# linux/seccomp.h, linux/filter.h, linux/prctl.h
_SET_MODE_FILTER: Final = 1
_NEW_LISTENER: Final = 1 << 3
_WAIT_KILLABLE: Final = 1 << 5  # Linux 5.19: no signal but a deadly one asks the same call twice
_ALLOW: Final = 0x7FFF0000
_ASK: Final = 0x7FC00000
_LOAD_NUMBER: Final = 0x20
_JUMP_IF_EQUAL: Final = 0x15
_RETURN: Final = 0x06
_NO_NEW_PRIVS: Final = 38
_RECEIVE: Final = 0xC0502100
_SEND: Final = 0xC0182101
_NOTICE: Final = struct.Struct("QIIiIQ6Q")
_ANSWER: Final = struct.Struct("QqiI")
_CONTINUE: Final = 1

_WORKING_FOLDER: Final = -100  # fcntl.h, AT_FDCWD
_PAGE: Final = 4096


@dataclass(frozen=True, slots=True)
class Call:
    """
    A call that waits to be carried out.

    Attributes:
        paths: What it is about, absolute.
    """

    pid: int
    name: str
    kind: Kind
    paths: tuple[Path, ...]


KILL: Final = -1
"""A judge's answer: the call is never made, and whoever asked is no more."""

Judge = Callable[[Call], int | None]
"""None lets a call pass; a number is the error it fails with (errno), or KILL."""


class NoGateError(Exception):
    """This machine lets nobody stand between a program and the kernel."""


@dataclass(slots=True)
class Gate:
    """
    Stands before a process that was started behind it.

    Attributes:
        root: The process itself; what it starts is behind the gate as well.
    """

    root: int
    listener: int
    judge: Judge
    _closed: bool = field(default=False)

    def attend(self) -> None:
        """Answer every call until nobody is left behind the gate."""
        poll = select.poll()
        poll.register(self.listener, select.POLLIN)
        try:
            while not poll.poll()[0][1] & select.POLLHUP:
                self._answer()
        finally:
            os.close(self.listener)

    def _answer(self) -> None:
        notice = bytearray(_NOTICE.size)
        try:
            fcntl.ioctl(self.listener, _RECEIVE, notice)
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.EINTR}:
                return  # who asked is gone already
            raise
        ticket, pid, _flags, number, _arch, _at, *arguments = _NOTICE.unpack(notice)
        call = _call(pid, FORMS[number], arguments)
        verdict = self.judge(call) if call else None
        if verdict == KILL:
            for each in {self.root, pid}:
                with suppress(ProcessLookupError):
                    os.kill(each, signal.SIGKILL)
            return
        answer = (ticket, 0, -verdict, 0) if verdict else (ticket, 0, 0, _CONTINUE)
        with suppress(FileNotFoundError):  # who asked is gone meanwhile
            fcntl.ioctl(self.listener, _SEND, bytearray(_ANSWER.pack(*answer)))


def forked(
    work: Callable[[], bytes], judge: Judge, kinds: Iterable[Kind] = WRITING
) -> tuple[bytes, int]:
    """
    Do work in a child behind a gate; return what it returns, and its exit status (waitpid).

    What a child that was killed returns is empty.

    Args:
        kinds: Of calls that the judge is asked about; all others pass.

    Raises:
        NoGateError: The machine has none.
    """
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        _live(work, theirs, kinds)
    theirs.close()
    with ours:
        Gate(child, received(ours, child), judge).attend()
        _, status = os.waitpid(child, 0)
        said = b"".join(iter(lambda: ours.recv(1 << 16), b""))
    return said, status


def _live(work: Callable[[], bytes], channel: socket.socket, kinds: Iterable[Kind]) -> None:
    """Be the child: nothing of the parent's own cleaning up is done here."""
    code = 1
    try:
        shut_behind(channel, kinds)
        said = work()
        channel.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, len(said) + 1)
        channel.sendall(said)
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def shut_behind(channel: socket.socket, kinds: Iterable[Kind] = WRITING) -> None:
    """Put a gate behind this process, and give its listener to who holds the other end."""
    try:
        listener = _shut(frozenset(kinds))
    except OSError as error:
        channel.sendall(str(error).encode())
        raise NoGateError(str(error)) from error
    socket.send_fds(channel, [b"."], [listener])
    os.close(listener)


def received(channel: socket.socket, child: int) -> int:
    """
    Take the listener that shut_behind() gives.

    Raises:
        NoGateError: There is none; the child, which has ended, is no more.
    """
    said, listeners, _, _ = socket.recv_fds(channel, 1 << 10, 1)
    if listeners:
        return listeners[0]
    os.waitpid(child, 0)
    raise NoGateError(f"no gate can be had here: {said.decode()}")


def _shut(kinds: Collection[Kind]) -> int:
    """Have the kernel ask from now on; return what it asks through."""
    if not FORMS:
        raise OSError(errno.ENOSYS, "the numbers of this machine's system calls are not known")
    program = _program(sorted(each for each, form in FORMS.items() if form.kind in kinds))
    code = ctypes.create_string_buffer(program)
    head = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    for flags in (_NEW_LISTENER | _WAIT_KILLABLE, _NEW_LISTENER):
        listener: int = libc.syscall(SECCOMP, _SET_MODE_FILTER, flags, head)
        if listener >= 0:
            return listener
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))


def _program(numbers: Sequence[int]) -> bytes:
    """Compile a filter: these calls are asked about, all others pass."""
    lines = [(_LOAD_NUMBER, 0, 0, 0)]
    lines += [(_JUMP_IF_EQUAL, len(numbers) - at, 0, number) for at, number in enumerate(numbers)]
    lines += [(_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _ASK)]
    return b"".join(struct.pack("HBBI", *line) for line in lines)


def _call(pid: int, form: Form, arguments: Sequence[int]) -> Call | None:
    """Tell what a call is about; None where it is about nothing that can be told or written."""
    if form.name in FLAGS and not arguments[FLAGS[form.name]] & CREATING:
        return None
    try:
        paths = [_file(pid, arguments[at]) for at in form.files]
        for folder, name in form.paths:
            at = _WORKING_FOLDER if folder < 0 else _signed(arguments[folder])
            paths.append(_path(pid, at, arguments[name]))
    except OSError:
        return None  # a file that is not open, a name that cannot be read: the kernel says so
    return Call(pid, form.name, form.kind, tuple(paths))


def _signed(value: int) -> int:
    return ctypes.c_int(value & 0xFFFFFFFF).value


def _file(pid: int, descriptor: int) -> Path:
    return Path(f"/proc/{pid}/fd/{_signed(descriptor)}").readlink()


def _path(pid: int, folder: int, address: int) -> Path:
    """Read a name from the memory of who asks; it may end where its page does."""
    if address == 0:  # utimensat(2) of an open file
        return _file(pid, folder)
    name = b""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        while b"\0" not in name:
            name += memory.read(_PAGE - memory.tell() % _PAGE)
    path = Path(os.fsdecode(name.partition(b"\0")[0]))
    if path.is_relative_to("/proc"):  # /proc/PID/fd/N, by which files and folders are handed on
        _root, _proc, *handed = path.parts
        return Path("/proc", *handed[:3]).readlink().joinpath(*handed[3:])
    if path.is_absolute():
        return path
    cwd = Path(f"/proc/{pid}/cwd").readlink
    return (cwd() if folder == _WORKING_FOLDER else _file(pid, folder)) / path
