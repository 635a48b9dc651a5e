"""Names that a mirror's file system can hold, unlike all their siblings' (M10); touches nothing."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Final

# NAME_MAX of Linux (limits.h), in bytes.  FAT, exFAT and NTFS hold 255 UTF-16 code units
# (Microsoft, exFAT specification, 7.6; "Naming Files, Paths, and Namespaces"), and no character
# takes more of those than bytes of UTF-8.
MAX_NAME_BYTES: Final = 255

# What FAT, exFAT and Windows refuse (the same page; Linux 6.1 fs/fat/namei_vfat.c, vfat_bad_char),
# control characters, and bytes that are not UTF-8, which a surrogate stands for.
_UNSAFE: Final = re.compile('[<>:"/\\\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff]')

# The same page and Python 3.13's os.path.isreserved: in any case, with any extension, and with
# spaces before it, which Windows drops.  COM0 and LPT0 cost nobody anything.
_DEVICE: Final = r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *"
_DEVICES: Final = re.compile(rf"{_DEVICE}(?:\..*)?", re.IGNORECASE | re.DOTALL)

# FAT finds a file by its short name as well, such as PINKFL~1 (Microsoft, "FAT: General
# Overview of On-Disk Format" 1.03, long directory entries): nobody else may be named so.
_SHORT_NAME: Final = re.compile(r"(?=[^.]{3,8}(?:\.|\Z))[^.]+~\d+(?:\.[^.]{0,3})?", re.DOTALL)

_OWN: Final = ".pacd-"
"""What PAC's temporaries are named by (requirements 1.2)."""

# All that could be wrong with names of plain ASCII, in a list "/a/b/" in lower case.  Taken
# apart because each alone is fast: one set of characters, two plain texts, one literal start.
_SUSPECT_CHARS: Final = re.compile(r'[<>:"\\|?*\x00-\x1f\x7f~]')
_SUSPECT_NAMES: Final = re.compile(rf"/(?:{_DEVICE}[./]|\.pacd-)")

_HASH_CHARS: Final = 8

_END_BYTES: Final = 100
"""An extension that is longer is cut like any name: there must be room for some of the rest."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """
    The name that a child of a folder bears in a mirror instead of the plain one.

    Attributes:
        reason: A clause for people on why.
    """

    name: str
    reason: str


NOTHING_RENAMED: Final[Mapping[str, Renamed]] = {}


def renamed_masters(
    masters: Iterable[str], extension: str, *, fat_safe: bool
) -> Mapping[str, Renamed]:
    """
    Name the outputs of one folder's masters.

    Args:
        masters: All of them, in any order; the answer does not depend on it.
        extension: Of the outputs, with its dot.
        fat_safe: Whether names must do for FAT, exFAT and Windows too.

    Returns:
        By master, only those whose output is not simply named by plain_name.
    """
    plain = {master: plain_name(master, extension) for master in masters}
    if _all_fine(plain.values(), fat_safe=fat_safe):
        return NOTHING_RENAMED
    return _Folder(fat_safe=fat_safe).name(plain, extension)


def renamed_folders(
    folders: Iterable[str], masters: Iterable[str], extension: str, *, fat_safe: bool
) -> Mapping[str, Renamed]:
    """
    Name the folders in one folder as renamed_masters names its masters.

    Masters come first: what an album's outputs are named does not depend on the folders in it.

    Returns:
        By folder, only those that are not named as in the library.
    """
    outputs = {master: plain_name(master, extension) for master in masters}
    plain = {folder: folder for folder in folders}
    if not plain or _all_fine((*outputs.values(), *plain), fat_safe=fat_safe):
        return NOTHING_RENAMED
    within = _Folder(fat_safe=fat_safe)
    within.name(outputs, extension)
    return within.name(plain, "")


def renamed_sidecars(
    sidecars: Iterable[str],
    masters: Iterable[str],
    folders: Iterable[str],
    extension: str,
    *,
    fat_safe: bool,
) -> Mapping[str, Renamed]:
    """
    Name the copies of one folder's sidecars, after its masters and its folders.

    One that begins with a master's base name and a dot goes by the name of that master's
    output: players look for lyrics there.

    Args:
        extension: Of the outputs, with its dot.

    Returns:
        By sidecar, only those that are not named as in the library.
    """
    files, outputs = tuple(sidecars), {name: plain_name(name, extension) for name in masters}
    within, plain = _Folder(fat_safe=fat_safe), {folder: folder for folder in folders}
    if _all_fine((*outputs.values(), *plain, *files), fat_safe=fat_safe):
        return NOTHING_RENAMED
    renamed = within.name(outputs, extension)
    within.name(plain, "")
    bases = {plain_name(master, ""): master for master in sorted(outputs, key=_bytes, reverse=True)}
    found: dict[str, Renamed] = {}
    for end, group in _by_end(files, bases).items():
        named = {}
        for name in group:
            owner = renamed.get(bases.get(name[: len(name) - len(end)], ""))
            stem = owner.name[: len(owner.name) - len(extension)] if owner else ""
            named[name] = stem + end if owner else name
            if owner:
                found[name] = Renamed(stem + end, owner.reason)
        found |= within.name(named, end)
    return found


def _by_end(files: Iterable[str], bases: Mapping[str, str]) -> Mapping[str, list[str]]:
    """Sidecars by what of their names stays: all after a master's base name, or the extension."""
    found: dict[str, list[str]] = {}
    for name in sorted(files, key=_bytes):
        dots = [at for at, char in enumerate(name) if char == "." and at]
        at = next((at for at in reversed(dots) if name[:at] in bases), dots[-1] if dots else None)
        end = name[at:] if at else ""
        kept = legal(end) == end and not end.endswith((".", " ")) and len(_bytes(end)) < _END_BYTES
        found.setdefault(end if kept else "", []).append(name)
    return found


def plain_name(master: str, extension: str) -> str:
    """A master's name with another extension; what begins with its only dot is all stem."""
    return (master.rpartition(".")[0] or master) + extension


def alike(name: str) -> str:
    """
    Return what is equal for all names that some file system takes for one.

    FAT, exFAT and NTFS compare upper case, APFS compares case folding of decomposed
    characters: names that differ to all of them differ here.
    """
    if name.isascii():
        return name.lower()
    folded = unicodedata.normalize("NFD", name).casefold().upper().casefold()
    return unicodedata.normalize("NFD", folded)


def legal(text: str) -> str:
    """Put _ in the place of each character that not every file system takes."""
    return _UNSAFE.sub("_", text)


def is_device(name: str) -> bool:
    """Whether Windows takes a name for a device's."""
    return _DEVICES.fullmatch(name) is not None


def shortened(text: str, limit_bytes: int) -> str:
    """Cut a name that is too long; a hash of the whole keeps it apart from its like."""
    whole = _bytes(text)
    return text if len(whole) <= limit_bytes else hashed(text, whole, limit_bytes)


def hashed(text: str, original: bytes, limit_bytes: int) -> str:
    """Append a hash of the original to a name, and cut the name where the two are too long."""
    kept = text[:limit_bytes]
    while len(_bytes(kept)) > limit_bytes - _HASH_CHARS - 1:
        kept = kept[:-1]
    return f"{kept}~{digest(original)}"


def digest(original: bytes, chars: int = _HASH_CHARS) -> str:
    """A hash in hexadecimal digits: in eight, one name in 4 billion is like a given other."""
    return hashlib.blake2b(original).hexdigest()[:chars]


def shown(name: str) -> str:
    """A name as text can hold it: bytes that are not UTF-8 are spelt out."""
    return _bytes(name).decode("utf-8", "backslashreplace")


class _Folder:
    """The names that are taken in one folder of a mirror."""

    def __init__(self, *, fat_safe: bool) -> None:
        self._fat_safe = fat_safe
        self._taken: dict[str, str] = {}

    def name(self, plain: Mapping[str, str], extension: str) -> Mapping[str, Renamed]:
        """
        Take a name for each: its plain one where that is fine and free, else one with a hash.

        Args:
            plain: By the name in the library.

        Returns:
            Those with a hash.
        """
        reasons: dict[str, str] = {}
        for original in sorted(plain, key=_bytes):
            reason = _objection(plain[original], fat_safe=self._fat_safe)
            reason = reason or self._take(plain[original], original)
            if reason:
                reasons[original] = reason
        return {
            original: Renamed(self._replacement(original, plain[original], extension), reason)
            for original, reason in reasons.items()
        }

    def _take(self, name: str, original: str) -> str | None:
        first = self._taken.setdefault(self._key(name), original)
        if first == original:
            return None
        to_whom = "to some file systems " if self._fat_safe else ""
        return f"{to_whom}its name would be that of {shown(first)}"

    def _replacement(self, original: str, plain: str, extension: str) -> str:
        """Whatever its siblings are named, unless one is named like the outcome on purpose."""
        stem = plain[: len(plain) - len(extension)]
        if self._fat_safe:
            stem = legal(stem)
        if _is_own(stem) or (self._fat_safe and is_device(stem + extension)):
            stem = "_" + stem
        marked = (_bytes(original) + b"/" * turn for turn in count())  # no name has a slash
        room = MAX_NAME_BYTES - len(extension)
        names = (hashed(stem, each, room) + extension for each in marked)
        return next(name for name in names if self._take(name, original) is None)

    def _key(self, name: str) -> str:
        return alike(name) if self._fat_safe else name


def _all_fine(names: Iterable[str], *, fat_safe: bool) -> bool:
    """Whether nothing can be wrong with any of these names: true of most folders, and fast."""
    listed = tuple(names)
    text = f"/{'/'.join(listed)}/".lower()
    if not text.isascii() or len(max(listed, key=len, default="")) > MAX_NAME_BYTES:
        return False
    if not fat_safe:
        return len(set(listed)) == len(listed) and f"/{_OWN}" not in text
    return (
        not _SUSPECT_CHARS.search(text)
        and "./" not in text
        and " /" not in text
        and not _SUSPECT_NAMES.search(text)
        and len(set(text.split("/"))) == len(listed) + 1  # and one empty one
    )


def _objection(name: str, *, fat_safe: bool) -> str | None:
    """Why a name cannot be used, whatever its siblings are; a clause, or None."""
    if len(_bytes(name)) > MAX_NAME_BYTES:
        return f"it is longer than {MAX_NAME_BYTES} bytes"
    if _is_own(name):
        return "PAC's temporaries are named so"
    if not fat_safe:
        return None
    return next((reason for refuses, reason in _OBJECTIONS if refuses(name)), None)


_OBJECTIONS: Final = (
    (_UNSAFE.search, "FAT and Windows do not take its characters"),
    (lambda name: name.endswith((".", " ")), "Windows drops dots and spaces at the end"),
    (is_device, "Windows takes it for a device"),
    (_SHORT_NAME.fullmatch, "FAT may find another file by it"),
)


def _is_own(name: str) -> bool:
    return name.lower().startswith(_OWN)


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
