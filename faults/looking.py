"""What stands below a folder, in a form that two runs of the same work can be compared by."""

import hashlib
import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import mutagen.mp4

from pacd.errors import VerifyError
from pacd.files import recycle
from pacd.files.atomic import is_scratch
from pacd.files.flac_blocks import MARKER, BlockType, read_layout
from pacd.files.m4a import read_m4a
from pacd.files.opus import audio_digest, read_comments, read_opus

_UNFINISHED: Final = ".unfinished"
_MARK: Final = " with "
_LOGS: Final = ("-wal", "-shm", "-journal")

# STREAMINFO is told of by its fields; the vendor string stands in the comments and counts.
_VARYING: Final = frozenset({BlockType.STREAMINFO, BlockType.PADDING, BlockType.SEEKTABLE})

# Which numbers were given away, also in vain, and when a migration was carried out.
_OTHERWISE: Final = ('INSERT INTO "sqlite_sequence"', 'INSERT INTO "_yoyo_')

State = Mapping[str, str]
"""What stands where, by path below a folder; what is equal is equal in all that matters."""


def state_of(base: Path) -> State:
    """Look at every file that is not a temporary, and at what lies in the bin."""
    found = {
        str(path.relative_to(base)): _looks(path, base)
        for path in sorted(base.rglob("*"))
        if path.is_file() and not _is_passing(path)
    }
    return found | dict(_in_bin(base / "library"))


def temporaries(base: Path) -> list[str]:
    """What PAC or a tool has not finished."""
    return sorted(
        str(path.relative_to(base))
        for path in base.rglob("*")
        if is_scratch(path.name) is not None
        or _UNFINISHED in path.name
        or path.name.endswith("tmp,fl-ac+en'c")
    )


def everything(base: Path) -> frozenset[str]:
    """What all files hold, wherever they lie, whatever their names: what is not lost."""
    return frozenset(_content(path) for path in base.rglob("*") if path.is_file())


def contents(state: State) -> frozenset[str]:
    """What the files of a state hold, without their attributes."""
    return frozenset(each.rsplit(_MARK, 1)[0] for each in state.values())


def _is_passing(path: Path) -> bool:
    is_log = path.name.endswith(_LOGS)
    ours = is_scratch(path.name) is not None or _UNFINISHED in path.name or is_log
    return ours or recycle.BIN in path.parts


def _looks(path: Path, base: Path) -> str:
    if path.suffix == ".db":
        return _database(path)
    content = _content(path)
    return (
        f"{content}{_MARK}{_attributes(path)}" if path.is_relative_to(base / "library") else content
    )


def _content(path: Path) -> str:
    """What a file holds, but for what two runs may well do otherwise."""
    try:
        return _CONTENTS.get(path.suffix, _digest)(path)
    except (VerifyError, subprocess.CalledProcessError) as error:
        return f"damaged: {error} {_digest(path)}"


def _digest(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()  # noqa: S324  # no secret


def _flac(path: Path) -> str:
    """Whole by flac itself; where flac was asked in another way its frames are others."""
    if not path.read_bytes().startswith(MARKER):
        return _digest(path)
    subprocess.run(["flac", "--test", "--silent", path], check=True, capture_output=True)
    with path.open("rb") as file:
        layout = read_layout(file)
    blocks = [each for each in layout.blocks if each.type not in _VARYING]
    return f"{layout.info.audio} {layout.info.audio_md5} {_brief(blocks)} {len(layout.quirks)}"


def _opus(path: Path) -> str:
    """Its streams have a random number each."""
    read = read_comments(path)
    return f"{audio_digest(path).hex()} {_brief(sorted(read.pairs))} {read_opus(path).complete}"


def _m4a(path: Path) -> str:
    """It tells the second that it was made in."""
    tags: Any = mutagen.mp4.MP4(path).tags
    return f"{read_m4a(path)} {_brief(sorted(map(str, tags.items())))} {path.stat().st_size}"


def _brief(value: object) -> str:
    return hashlib.md5(repr(value).encode()).hexdigest()[:8]  # noqa: S324  # no secret


_CONTENTS: Final[Mapping[str, Callable[[Path], str]]] = {
    ".flac": _flac,
    ".opus": _opus,
    ".m4a": _m4a,
}


def _attributes(path: Path) -> str:
    """What a rename could lose."""
    seen = path.stat()
    extended = {name: os.getxattr(path, name) for name in sorted(os.listxattr(path))}
    return f"{seen.st_mode:o} {seen.st_uid}:{seen.st_gid} {seen.st_mtime_ns} {extended}"


def _in_bin(library: Path) -> Iterator[tuple[str, str]]:
    if not (library / recycle.BIN).is_dir():
        return
    for recycled, whole in recycle.contents(library):
        lies = recycle.place_of(library, recycled)
        shown = f"{_content(lies)}{_MARK}{_attributes(lies)}" if whole else "gone"
        yield f"bin/{recycled.path}", shown


def interrupted(database: Path) -> int:
    """How many items wait for another try because they were killed again and again."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        (found,) = connection.execute(
            "SELECT count(*) FROM setbacks WHERE kind = 'interrupted' AND retry_at > ?",
            (time.time() * 1_000,),
        ).fetchone()
    return int(found)


def _database(path: Path) -> str:
    """All rows, as a new start would find them, and the schema that they are of."""
    with closing(sqlite3.connect(path)) as connection:
        (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
        (schema,) = connection.execute("PRAGMA user_version").fetchone()
        lines = [each for each in connection.iterdump() if not each.startswith(_OTHERWISE)]
    dump = hashlib.md5("\n".join(lines).encode())  # noqa: S324  # no secret
    return f"{sound} {schema} {dump.hexdigest()}"
