"""Which system calls write, by kind, with what each is about; numbers of two machines."""

import os
import platform
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a call does to a disk; a fault strikes the calls of one kind, or all that write."""

    CREATE = "create"
    WRITE = "write"
    SYNC = "sync"
    RENAME = "rename"
    LINK = "link"
    TRUNCATE = "truncate"
    REMOVE = "remove"
    FOLDER = "mkdir"
    ATTRIBUTES = "attributes"
    READ = "read"


WRITING: Final = frozenset(Kind) - {Kind.READ}


@dataclass(frozen=True, slots=True)
class Form:
    """
    A system call.

    Attributes:
        numbers: On x86_64 and on aarch64 (arch/x86/entry/syscalls/syscall_64.tbl,
            include/uapi/asm-generic/unistd.h); -1 where there is none.
        files: Arguments that are open files.
        paths: Pairs of arguments: an open folder, or -1 for the working one, and a name.
    """

    name: str
    kind: Kind
    numbers: tuple[int, int]
    files: tuple[int, ...] = ()
    paths: tuple[tuple[int, int], ...] = ()


def _of_file(kind: Kind, **numbers: tuple[int, int]) -> list[Form]:
    return [Form(name, kind, pair, files=(0,)) for name, pair in numbers.items()]


def _of_path(kind: Kind, at: tuple[int, int], **numbers: tuple[int, int]) -> list[Form]:
    return [Form(name, kind, pair, paths=(at,)) for name, pair in numbers.items()]


_PLAIN: Final = (-1, 0)
_AT: Final = (0, 1)

_FORMS: Final = (
    *_of_path(Kind.CREATE, _AT, openat=(257, 56), openat2=(437, 437)),
    *_of_path(Kind.CREATE, _PLAIN, open=(2, -1), creat=(85, -1)),
    *_of_file(Kind.WRITE, write=(1, 64), pwrite64=(18, 68), writev=(20, 66), pwritev=(296, 70)),
    *_of_file(Kind.WRITE, pwritev2=(328, 287), sendfile=(40, 71)),
    Form("copy_file_range", Kind.WRITE, (326, 285), files=(2,)),
    *_of_file(Kind.SYNC, fsync=(74, 82), fdatasync=(75, 83), sync_file_range=(277, 84)),
    Form("rename", Kind.RENAME, (82, -1), paths=((-1, 0), (-1, 1))),
    Form("renameat", Kind.RENAME, (264, 38), paths=((0, 1), (2, 3))),
    Form("renameat2", Kind.RENAME, (316, 276), paths=((0, 1), (2, 3))),
    Form("link", Kind.LINK, (86, -1), paths=((-1, 0), (-1, 1))),
    Form("linkat", Kind.LINK, (265, 37), paths=((0, 1), (2, 3))),
    Form("symlink", Kind.LINK, (88, -1), paths=((-1, 1),)),
    Form("symlinkat", Kind.LINK, (266, 36), paths=((1, 2),)),
    *_of_file(Kind.TRUNCATE, ftruncate=(77, 46), fallocate=(285, 47)),
    *_of_path(Kind.TRUNCATE, _PLAIN, truncate=(76, 45)),
    *_of_path(Kind.REMOVE, _AT, unlinkat=(263, 35)),
    *_of_path(Kind.REMOVE, _PLAIN, unlink=(87, -1), rmdir=(84, -1)),
    *_of_path(Kind.FOLDER, _AT, mkdirat=(258, 34)),
    *_of_path(Kind.FOLDER, _PLAIN, mkdir=(83, -1)),
    *_of_file(Kind.ATTRIBUTES, fchmod=(91, 52), fchown=(93, 55)),
    *_of_file(Kind.ATTRIBUTES, fsetxattr=(190, 7), fremovexattr=(199, 16)),
    *_of_path(Kind.ATTRIBUTES, _AT, fchmodat=(268, 53), fchmodat2=(452, 452), fchownat=(260, 54)),
    *_of_path(Kind.ATTRIBUTES, _AT, utimensat=(280, 88)),
    *_of_path(Kind.ATTRIBUTES, _PLAIN, chmod=(90, -1), chown=(92, -1), lchown=(94, -1)),
    *_of_path(Kind.ATTRIBUTES, _PLAIN, setxattr=(188, 5), lsetxattr=(189, 6)),
    *_of_path(Kind.ATTRIBUTES, _PLAIN, removexattr=(197, 14), lremovexattr=(198, 15)),
    *_of_file(Kind.READ, read=(0, 63), pread64=(17, 67), readv=(19, 65), preadv=(295, 69)),
)

_MACHINE: Final = {"x86_64": 0, "aarch64": 1}.get(platform.machine())

SECCOMP: Final = (317, 277)[_MACHINE or 0]
"""The number of seccomp(2) itself."""

FORMS: Final = {
    form.numbers[_MACHINE]: form
    for form in _FORMS
    if _MACHINE is not None and form.numbers[_MACHINE] >= 0
}
"""By their numbers on this machine; empty on one whose numbers are not known here."""

FLAGS: Final = {"openat": 2, "open": 1}
"""Which argument of a call that may create says whether it does."""

CREATING: Final = os.O_CREAT | os.O_TRUNC
