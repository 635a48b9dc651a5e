"""Every bad input with its one stated outcome; docs/outcomes.md is this table in words."""

import os
import random
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

from tests import damage
from tests.audio import Art, dress, pcm, png, wav, write_flac
from tests.serving import ROOT

CORPUS: Final = ROOT.parent / "shared" / "corpus" / "ietf"
SECONDS: Final = 0.5
ALBUM: Final = {"TITLE": "T", "ALBUMARTIST": "Artist", "ALBUM": "Album"}


class Fate(StrEnum):
    """What becomes of a file."""

    MAINTAINED = "maintained"
    HELD = "held"
    IGNORED = "ignored"


Make = Callable[[Path, bytes], object]


@dataclass(frozen=True)
class Case:
    """
    One bad input.

    Attributes:
        path: Relative to the library root.
        what: In plain words.
        why: Why it ends so, in plain words.
        make: Called with the absolute path and the bytes of a good FLAC file.
        cause: Of the hold; of a maintained file, that of its cover.
        says: Part of what the hold, or `pacctl why` of an ignored file, must say.
        corpus: Of a file that others made: where it lies in the corpus.
        output: Where its output lies in the mirror, if not where it lies itself.
    """

    path: str
    what: str
    fate: Fate
    why: str
    make: Make
    cause: str = ""
    says: str = ""
    corpus: str = ""
    output: str = ""


def good_master(path: Path) -> bytes:
    """A sound album track at level 5 with tags and a cover."""
    return write_flac(path, seconds=SECONDS, tags=ALBUM, pictures=[Art(png(20, 20))]).read_bytes()


def unused_bytes(data: bytes) -> int:
    """Offset of the middle of the audio."""
    return len(data) - len(damage.split(data)[1]) // 2


# How each is made: called with where it belongs and a good file's bytes.


def _bytes(change: Callable[[bytes], bytes]) -> Make:
    return lambda path, good: path.write_bytes(change(good))


def _flipped(good: bytes) -> bytes:
    return damage.flipped(good, unused_bytes(good))


def _with_hole(good: bytes) -> bytes:
    start = unused_bytes(good)
    return good[:start] + bytes(8_192) + good[start + 8_192 :]


def _tagged(**tags: bytes) -> Make:
    entries = [name.encode() + b"=" + value for name, value in tags.items()]
    return _bytes(lambda good: damage.with_comments(good, *entries))


def _put_picture(path: Path, good: bytes, data: bytes, mime: str) -> None:
    path.write_bytes(damage.joined(*_without_pictures(good)))
    dress(path, {"ALBUM": path.stem}, [Art(data, mime=mime)])


def _without_pictures(good: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    blocks, frames = damage.split(good)
    return [block for block in blocks if block[0] != 6], frames


def _mp3(path: Path, _good: bytes) -> None:
    frame = b"\xff\xfb\x90\x00" + bytes(413)  # MPEG 1 layer III, 128 kbit/s, 44.1 kHz: silence
    path.write_bytes(20 * frame)


def _socket(path: Path, _good: bytes) -> None:
    """Bound by a name of its own first: the path of a socket is short (unix(7))."""
    with socket.socket(socket.AF_UNIX) as server:
        before = Path.cwd()
        os.chdir(path.parent)
        server.bind(path.name)
        os.chdir(before)


def _unreadable(path: Path, good: bytes) -> None:
    path.write_bytes(good)
    path.chmod(0)


def _in_unreadable_folder(path: Path, good: bytes) -> None:
    path.write_bytes(good)
    path.parent.chmod(0)


def _copied(path: Path, good: bytes) -> None:
    path.write_bytes(good)


def _from_corpus(name: str, path: Path, _good: bytes) -> None:
    path.write_bytes((CORPUS / name).read_bytes())


def _generated(flag: str, path: Path, _good: bytes) -> None:
    write_flac(path, seconds=SECONDS, tags=ALBUM, flags=[flag])


_ID3 = damage.id3v2(damage.id3_text(b"TIT2", "A title"))
_OTHER_SHAPE = "its audio does not have the rate, depth or channels its header states"
_CJK = "音" * 83  # 249 bytes of UTF-8

_CONTAINERS = (
    Case(
        "containers/wav.flac",
        "a WAV file named .flac",
        Fate.HELD,
        "it is no FLAC file; flac would turn it into one without a word",
        lambda path, _good: path.write_bytes(wav(pcm(SECONDS))),
        "not-flac",
        "it is a WAV file",
    ),
    Case(
        "containers/mp3.flac",
        "an MP3 file named .flac",
        Fate.HELD,
        "it is no FLAC file",
        _mp3,
        "not-flac",
        "it is an MP3 file",
    ),
    Case(
        "containers/empty.flac",
        "a file of zero bytes",
        Fate.HELD,
        "there is nothing in it",
        _bytes(lambda _good: b""),
        "not-flac",
        "it is empty",
    ),
    Case(
        "containers/zeros.flac",
        "100 kB of zero bytes, as a preallocated download leaves them",
        Fate.HELD,
        "it was never filled",
        _bytes(lambda _good: bytes(100_000)),
        "not-flac",
        "zero bytes",
    ),
    Case(
        "containers/noise.flac",
        "random bytes",
        Fate.HELD,
        "it is no FLAC file",
        _bytes(lambda _good: random.Random(1).randbytes(50_000)),
        "not-flac",
        "",
    ),
    Case(
        "containers/head.flac",
        "a FLAC file cut off within its header",
        Fate.HELD,
        "it is cut off; a rewrite would hide that",
        _bytes(lambda good: good[:30]),
        "corrupt",
        "cut off within its header",
    ),
    Case(
        "containers/only head.flac",
        "a FLAC file without any audio behind its header",
        Fate.HELD,
        "it is cut off",
        _bytes(lambda good: good[: len(good) - len(damage.split(good)[1])]),
        "corrupt",
        "holds no audio",
    ),
)

_DAMAGED = (
    Case(
        "damaged/truncated.flac",
        "a FLAC file cut off in the middle",
        Fate.HELD,
        "its end is missing; opusenc would make a short copy and call it good",
        _bytes(lambda good: good[: unused_bytes(good)]),
        "corrupt",
        "cut off",
    ),
    Case(
        "damaged/flipped.flac",
        "one bit flipped in the audio",
        Fate.HELD,
        "a checksum does not fit; re-encoding would launder the damage",
        _bytes(_flipped),
        "corrupt",
        "damaged",
    ),
    Case(
        "damaged/hole.flac",
        "8 kB of zero bytes punched into the audio",
        Fate.HELD,
        "a part of its audio is missing",
        _bytes(_with_hole),
        "corrupt",
        "damaged or missing",
    ),
    Case(
        "damaged/wrong md5.flac",
        "an audio MD5 in the header that is not that of the audio",
        Fate.HELD,
        "the audio is not what was once encoded; flac 1.4.2 would write a fresh MD5 over it",
        _bytes(lambda good: damage.with_md5(good, bytes(range(16)))),
        "corrupt",
        "the MD5 in its header is another",
    ),
)

_ODD = (
    Case(
        "odd/no md5.flac",
        "no audio MD5 in the header",
        Fate.MAINTAINED,
        "its MD5 is computed from the audio, and the rewritten file carries it",
        _bytes(lambda good: damage.with_md5(good, bytes(16))),
    ),
    Case(
        "odd/id3v2.flac",
        "an ID3v2 tag before the stream",
        Fate.MAINTAINED,
        "the tag is removed; what only it knew is kept as a FLAC tag",
        _bytes(lambda good: _ID3 + good),
    ),
    Case(
        "odd/id3v1.flac",
        "an ID3v1 tag behind the stream",
        Fate.MAINTAINED,
        "the tag is removed; what only it knew is kept as a FLAC tag",
        _bytes(lambda good: good + damage.id3v1(b"A title")),
    ),
    Case(
        "odd/id3 both.flac",
        "ID3 tags before and behind the stream",
        Fate.MAINTAINED,
        "both are removed; what only they knew is kept as FLAC tags",
        _bytes(lambda good: _ID3 + good + damage.id3v1(b"A title")),
    ),
    Case(
        "odd/two comment blocks.flac",
        "two blocks of tags",
        Fate.MAINTAINED,
        "they become one; nothing that either says is lost",
        _bytes(lambda good: damage.with_blocks(good, (4, damage.comment_block(b"MOOD=Odd")))),
    ),
    Case(
        "odd/unknown length.flac",
        "a header that does not say how long the audio is",
        Fate.MAINTAINED,
        "the length is counted, and the rewritten file states it",
        _bytes(lambda good: damage.with_total(good, 0)),
    ),
    Case(
        "odd/too short.flac",
        "a header that says the audio is shorter than it is",
        Fate.MAINTAINED,
        "flac 1.4.2 would cut it to the stated length; PAC keeps all that the MD5 covers",
        _bytes(lambda good: damage.with_total(good, 1_000)),
    ),
    Case(
        "odd/long blocks.flac",
        "blocks longer than the streamable subset allows",
        Fate.MAINTAINED,
        "it is valid FLAC",
        partial(_generated, "--blocksize=16384"),
    ),
    Case(
        "odd/huge padding.flac",
        "16 MB of padding",
        Fate.MAINTAINED,
        "the padding goes, the audio stays",
        _bytes(lambda good: damage.with_blocks(good, (1, bytes((1 << 24) - 1)))),
    ),
    Case(
        "odd/seek points.flac",
        "a seek table with ten thousand points for half a second",
        Fate.MAINTAINED,
        "it is valid FLAC",
        partial(_generated, "--seekpoint=10000x"),
    ),
)

_NAMED = (
    Case(
        "names/new\nline.flac",
        "a newline in the name",
        Fate.MAINTAINED,
        "names are bytes, escaped only where they are shown; FAT takes none of its kind, so its "
        "output has a _ and a hash of the name",
        _copied,
        output="names/new_line~38965692.opus",
    ),
    Case(
        os.fsdecode(b"names/caf\xe9 \xff.flac"),
        "a name that is no UTF-8",
        Fate.MAINTAINED,
        "names are bytes; FAT's are not, so its output has _ and a hash of the name",
        _copied,
        output="names/caf_ _~8678c4fc.opus",
    ),
    Case(
        f"names/{_CJK}a.flac",
        "a name of 255 bytes in Chinese characters",
        Fate.MAINTAINED,
        "temporaries have short names of their own",
        _copied,
    ),
    Case(
        "names/\x1b[31m red \u202e.FLAC",
        "a name with terminal escapes, and its extension in capitals",
        Fate.MAINTAINED,
        "no terminal ever gets to see them raw",
        _copied,
        output="names/_[31m red \u202e~89c7eb0f.opus",
    ),
    Case(
        'names/Who? "Me": <you>|*\\.flac',
        "a name with all that Windows and FAT refuse",
        Fate.MAINTAINED,
        "its output has _ in their place and a hash of the name",
        _copied,
        output="names/Who_ _Me__ _you____~9dc0dc6f.opus",
    ),
    Case(
        "names/aux.flac",
        "a name that Windows takes for a device",
        Fate.MAINTAINED,
        "its output has a _ before it and a hash of the name behind",
        _copied,
        output="names/_aux~5b093cdf.opus",
    ),
    Case(
        "names/Vol. 1./CAFÉ.flac",
        "a folder whose name ends in a dot, which Windows drops",
        Fate.MAINTAINED,
        "its folder in the mirror has a hash behind the dot",
        _copied,
        output="names/Vol. 1.~c9237326/CAFÉ.opus",
    ),
    Case(
        "names/Vol. 1./Cafe\u0301.flac",
        "two names that differ in case and Unicode form only",
        Fate.MAINTAINED,
        "the first in the order of their bytes keeps its name; the other's output has a hash",
        _copied,
        output="names/Vol. 1.~c9237326/Cafe\u0301~c80317b7.opus",
    ),
    Case(
        "names/twice.FLAC",
        "a name that another has with its extension in capitals, first of the two",
        Fate.MAINTAINED,
        "both have an output: this one the plain name",
        _copied,
    ),
    Case(
        "names/twice.flac",
        "the second of the two",
        Fate.MAINTAINED,
        "its output has a hash of the name",
        _copied,
        output="names/twice~a4313d2e.opus",
    ),
    Case(
        "names/-rf --help.flac",
        "a name that looks like an option",
        Fate.MAINTAINED,
        "tools are given open files, not names",
        _copied,
    ),
)

_TAGGED = (
    Case(
        "tags/climbing.flac",
        "tags with ../ in them",
        Fate.MAINTAINED,
        "only the pattern's own slashes make folders: the cover stays below the art root",
        _tagged(ALBUMARTIST=b"../../../../escape", ALBUM=b"..", TITLE=b"../t"),
    ),
    Case(
        "tags/control.flac",
        "tags with NUL and control characters",
        Fate.MAINTAINED,
        "the cover's name has _ in their place",
        _tagged(ALBUMARTIST=b"a\0b", ALBUM=b"c\0d\x1b[31m", TITLE=b"e\0f"),
    ),
    Case(
        "tags/long.flac",
        "10 MB of text in a tag",
        Fate.MAINTAINED,
        "it is kept, in the mirror as well",
        _tagged(ALBUMARTIST=b"Artist", ALBUM=b"Long", LYRICS=b"la " * 3_333_333),
    ),
    Case(
        "tags/invalid.flac",
        "tags without = and with bytes that are no UTF-8",
        Fate.MAINTAINED,
        "they are kept as they are; the mirror gets those that can be carried",
        _bytes(
            lambda good: damage.with_comments(
                good, b"noequals", b"TITLE=\xff\xfe", b"=x", b"ALBUM=Invalid", b"ALBUMARTIST=x"
            )
        ),
    ),
    Case(
        "tags/no tags.flac",
        "no tags at all",
        Fate.MAINTAINED,
        "only the COMPRESSION tag is added",
        _bytes(damage.with_comments),
    ),
    Case(
        "tags/big picture.flac",
        "a picture of 15 MB",
        Fate.MAINTAINED,
        "it is exported as it is; the mirror gets a small one",
        lambda path, good: _put_picture(path, good, png(2_250, 2_250), "image/png"),
    ),
    Case(
        "tags/no picture.flac",
        "a picture that is none",
        Fate.MAINTAINED,
        "the audio is maintained and mirrored; a hold says that its cover cannot be exported",
        lambda path, good: _put_picture(path, good, b"this is no picture", "image/jpeg"),
        "encode-failed",
        "the picture cannot be read",
    ),
)

_KINDS = (
    Case(
        "kinds/pipe.flac",
        "a FIFO",
        Fate.IGNORED,
        "only regular files are opened",
        lambda path, _good: os.mkfifo(path),
        says="it is a pipe",
    ),
    Case(
        "kinds/device.flac",
        "a character device",
        Fate.IGNORED,
        "only regular files are opened",
        lambda path, _good: os.mknod(path, 0o020_666, os.makedev(1, 3)),
        says="it is a device",
    ),
    Case(
        "kinds/socket.flac",
        "a socket",
        Fate.IGNORED,
        "only regular files are opened",
        _socket,
        says="it is a socket",
    ),
    Case(
        "kinds/dangling.flac",
        "a symbolic link to nothing",
        Fate.IGNORED,
        "links are not followed",
        lambda path, _good: path.symlink_to("nothing.flac"),
        says="it is a symbolic link",
    ),
    Case(
        "kinds/link.flac",
        "a symbolic link to a good file",
        Fate.IGNORED,
        "links are not followed; the file itself is maintained where it lies",
        lambda path, _good: path.symlink_to("../odd/id3v1.flac"),
        says="it is a symbolic link",
    ),
    Case(
        "kinds/folder.flac",
        "a folder named .flac",
        Fate.IGNORED,
        "it is a folder like any other: what lies in it is maintained",
        lambda path, _good: path.mkdir(),
        says="PAC looks at the files in it",
    ),
    Case(
        "kinds/._resource.flac",
        "a resource file of macOS",
        Fate.IGNORED,
        "its name is on the list of what other programs leave",
        _bytes(lambda _good: b"\0\x05\x16\x07"),
        says="macOS",
    ),
    Case(
        "kinds/.name.flac.Xa31x0",
        "what rsync has not finished",
        Fate.IGNORED,
        "its name does not end in .flac yet",
        _copied,
        says="only files whose name ends in .flac",
    ),
    Case(
        "rights/unreadable.flac",
        "a file that the daemon may not read",
        Fate.HELD,
        "somebody has to give the right; nothing else is delayed by it",
        _unreadable,
        "permission",
        "Permission denied",
    ),
    Case(
        "rights/locked/within.flac",
        "a file in a folder that the daemon may not read",
        Fate.IGNORED,
        "nothing can be said of it; `pacctl status` names the folder",
        _in_unreadable_folder,
        says="it cannot be looked at: Permission denied",
    ),
)


def _corpus(
    name: str, what: str, fate: Fate, why: str = "", cause: str = "", says: str = ""
) -> Case:
    path = f"{name}.flac"
    reason = why or "it is valid FLAC"
    return Case(
        f"ietf/{path}", what, fate, reason, partial(_from_corpus, path), cause, says, corpus=path
    )


_OK = Fate.MAINTAINED
_HEADER_ONLY = "only its header is wrong; the audio fits its MD5 and gets a right header"

_IETF = (
    _corpus(
        "faulty/01 - wrong max blocksize",
        "a header with too small a largest block",
        _OK,
        f"{_HEADER_ONLY}; opusenc reads it by way of flac",
    ),
    _corpus(
        "faulty/02 - wrong maximum framesize",
        "a header with too small a largest frame",
        _OK,
        _HEADER_ONLY,
    ),
    _corpus(
        "faulty/03 - wrong bit depth",
        "a header with a wrong bit depth",
        Fate.HELD,
        "flac 1.4.2 would re-encode it to other audio",
        "corrupt",
        _OTHER_SHAPE,
    ),
    _corpus(
        "faulty/04 - wrong number of channels",
        "a header with a wrong number of channels",
        Fate.HELD,
        "flac 1.4.2 crashes while re-encoding it, so it never gets to",
        "corrupt",
        _OTHER_SHAPE,
    ),
    _corpus(
        "faulty/06 - missing streaminfo metadata block",
        "a header without STREAMINFO",
        Fate.HELD,
        "its shape, length and MD5 are not known",
        "corrupt",
        "no STREAMINFO",
    ),
    _corpus(
        "faulty/08 - blocksize 65536",
        "blocks of 65536 samples, which STREAMINFO cannot state",
        _OK,
        "the audio fits its MD5 and is re-encoded in blocks of the usual length",
    ),
    _corpus(
        "faulty/10 - invalid vorbis comment metadata block",
        "a block of tags that counts more tags than it has",
        _OK,
        "the tags that are there are kept",
    ),
    _corpus(
        "faulty/11 - incorrect metadata block length",
        "a block of metadata with a wrong length",
        Fate.HELD,
        "where its audio begins is not known",
        "corrupt",
        "a block's length is wrong",
    ),
    _corpus("subset/01 - blocksize 4096", "the usual block size", _OK),
    _corpus("subset/05 - blocksize 254", "small blocks", _OK),
    _corpus("subset/14 - wasted bits", "wasted bits", _OK),
    _corpus("subset/20 - samplerate 39kHz", "39 kHz", _OK),
    _corpus("subset/22 - 12 bit per sample", "12 bits", _OK),
    _corpus("subset/23 - 8 bit per sample", "8 bits", _OK),
    _corpus("subset/28 - high resolution audio, default settings", "24 bits at 96 kHz", _OK),
    _corpus("subset/38 - 3 channels (3.0)", "3 channels", _OK),
    _corpus("subset/41 - 6 channels (5.1)", "6 channels", _OK),
    _corpus(
        "subset/45 - no total number of samples set",
        "a header without the length",
        _OK,
        "the length is counted, and the rewritten file states it",
    ),
    _corpus("subset/46 - no min-max framesize set", "a header without frame sizes", _OK),
    _corpus("subset/47 - only STREAMINFO", "no metadata but STREAMINFO", _OK),
    _corpus(
        "subset/54 - 1000x repeating VORBISCOMMENT",
        "20 tags a thousand times over",
        _OK,
        "all are kept",
    ),
    _corpus("subset/56 - JPG PICTURE", "a JPEG picture", _OK),
    _corpus("subset/57 - PNG PICTURE", "a PNG picture", _OK),
    _corpus("subset/58 - GIF PICTURE", "a GIF picture", _OK, "its cover is exported as PNG"),
    _corpus("subset/59 - AVIF PICTURE", "an AVIF picture", _OK, "its cover is exported as JPEG"),
    _corpus("subset/60 - mono audio", "one channel", _OK),
    _corpus("subset/64 - rice partitions with escape code zero", "escaped partitions", _OK),
    _corpus(
        "uncommon/01 - changing samplerate",
        "a sample rate that changes midway",
        Fate.HELD,
        "STREAMINFO states one shape only; flac 1.4.2 does not decode the rest",
        "corrupt",
        _OTHER_SHAPE,
    ),
    _corpus(
        "uncommon/02 - increasing number of channels",
        "channels that come midway",
        Fate.HELD,
        "STREAMINFO states one shape only; flac 1.4.2 does not decode the rest",
        "corrupt",
        _OTHER_SHAPE,
    ),
    _corpus(
        "uncommon/07 - 15 bit per sample", "15 bits", _OK, "it is valid FLAC, if not streamable"
    ),
    _corpus(
        "uncommon/10 - file starting at frame header",
        "audio frames without any header",
        Fate.HELD,
        "its length and MD5 are not known",
        "not-flac",
        "lost its header",
    ),
)

CASES: Final = (
    *_CONTAINERS, *_DAMAGED, *_ODD, *_NAMED, *_TAGGED, *_KINDS, *_IETF,
)  # fmt: skip


def may_make_devices(folder: Path) -> bool:
    """Whether this user may make a device node here."""
    probe = folder / "probe"
    try:
        os.mknod(probe, 0o020_666, os.makedev(1, 3))
    except OSError:
        return False
    probe.unlink()
    return True


def without_rights() -> list[str]:
    """What takes from root the right to read everything; nothing for other users."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"]


def stated_md5(data: bytes) -> str:
    """The audio MD5 that a header states, wherever its STREAMINFO stands; "" where it is unset."""
    (info,) = damage.blocks_of(data[data.index(damage.MARKER) :], 0)
    return info[18:34].hex() if any(info[18:34]) else ""


def tags_of(data: bytes) -> set[bytes]:
    """Every comment of every block; the entries that a count only promises are left out."""
    blocks = damage.blocks_of(data[data.index(damage.MARKER) :], 4)
    entries = (damage.comments(damage.joined([(4, block)], b"")) for block in blocks)
    return {entry for each in entries for entry in each if entry}


def pictures_of(data: bytes) -> list[bytes]:
    """The data of every picture block, in file order."""
    return damage.blocks_of(data[data.index(damage.MARKER) :], 6)


def computed_md5(path: Path) -> str:
    """The audio MD5 of what ffmpeg decodes, for files of 16 bits whose header states none."""
    command: list[str | Path] = ["ffmpeg", "-loglevel", "error", "-i", path, "-map", "0:a"]
    said = subprocess.run([*command, "-f", "md5", "-"], capture_output=True, check=True).stdout
    return said.decode().strip().removeprefix("MD5=")


_HEAD = """\
# What becomes of odd and broken files

One line for each kind of input; `tests/e2e/test_bad_input.py` puts all of them into one library
and holds the daemon to this page, which it writes with `--update-docs`.

- *maintained*: tested, brought to the wished-for level and mirrored; the audio is proven equal.
- *held*: never rewritten and not mirrored; `pacctl holds` gives the reason and what to do.
- *ignored*: never opened; `pacctl why PATH` gives the reason.

The library of that test has two settings that are not the default, as neither is the question
here: `resample_to_cd = false` in `[flac]` and `enabled = false` in `[authenticity]`.
By default a master above CD form (16 bit, 44.1 kHz, 2 channels) that is *maintained* here would
also be brought to it, the original kept in the recycle bin for 30 days; and one that was lossy
once, as some of the testbench seem to be, would be *held (suspect)*.
"""

_SECTIONS = (
    ("Files that are something else", _CONTAINERS),
    ("Damaged audio", _DAMAGED),
    ("Odd but sound", _ODD),
    ("Names", _NAMED),
    ("Tags and pictures", _TAGGED),
    ("Kinds of files and rights", _KINDS),
    ("The IETF's FLAC decoder testbench", _IETF),
)


def in_words() -> str:
    """The table as docs/outcomes.md has it."""
    parts = [_HEAD.rstrip()]
    for title, cases in _SECTIONS:
        parts += [f"\n## {title}\n", "| input | outcome | because |", "|---|---|---|"]
        parts += [f"| {_input(case)} | {_outcome(case)} | {case.why} |" for case in cases]
    return "\n".join(parts) + "\n"


def _input(case: Case) -> str:
    number = f" ({case.corpus.partition(' - ')[0]})" if case.corpus else ""
    return case.what + number


def _outcome(case: Case) -> str:
    if not case.cause:
        return case.fate.value
    held = "" if case.fate is Fate.HELD else ", its cover held"
    return f"{case.fate}{held} ({case.cause})"
