"""Has calls and processes fail while PAC writes, and prints what came of it."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from faults.campaign import made_site
from faults.gate import KILL
from faults.kills import run as run_kills
from faults.living import Life, configure
from faults.living import run as live
from faults.oneshot import Shots
from faults.report import HEAD, Row, refresh
from faults.scenes import READING, SCENES
from faults.smalldisks import ROLES
from faults.smalldisks import run as run_disk
from faults.striking import ERRORS, RIGHTS
from faults.syscalls import WRITING, Kind
from faults.trials import Tally, Trial

_MEMORY: Final = Path("/dev/shm")  # noqa: S108  # a disk that is quick, and our own folder on it

Part = Callable[[Path, argparse.Namespace], Iterator[Row]]


def main() -> None:
    """Run what the arguments say; exit 1 where anything was lost, left behind or done twice."""
    arguments = _parser().parse_args()
    print(HEAD, flush=True)
    rows = []
    for name in arguments.only or PARTS:
        with tempfile.TemporaryDirectory(prefix="pac-faults-", dir=_place(name)) as place:
            for row in PARTS[name](Path(place), arguments):
                print(row.line, flush=True)
                print(*row.tally.wrong, sep="\n", file=sys.stderr, flush=True)
                rows.append(row)
    if arguments.write:
        refresh(rows)
    sys.exit(any(row.tally.wrong for row in rows))


def _place(part: str) -> Path | None:
    """Steps are tried in memory, thousands of times; the whole program on a disk."""
    usable = part in _IN_MEMORY and _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)
    return _MEMORY if usable else None


def _calls(place: Path, arguments: argparse.Namespace) -> Iterator[Row]:
    """Each writing call of each piece of work fails, alone and with all behind it."""
    few = {name: ERRORS[name] for name in ("EIO", "ENOSPC")}
    chosen = few if arguments.quick else {**ERRORS, **RIGHTS}
    for scene in SCENES:
        began_s, tally = time.monotonic(), Tally()
        trial = Trial(scene, place / "".join(filter(str.isalnum, scene.name)), tally)
        for name, number in chosen.items():
            for lasting in (False, True):
                form = f"{name} lasting" if lasting else name
                trial.until_clean(form, WRITING, number, lasting=lasting)
        for kind in WRITING - {Kind.WRITE}:
            trial.until_clean(f"EIO of {kind}", {kind}, ERRORS["EIO"], lasting=True)
        yield Row("calls", scene.name, tally, time.monotonic() - began_s)


def _boundaries(place: Path, _arguments: argparse.Namespace) -> Iterator[Row]:
    """Who does the work is killed before each of its writing calls."""
    for scene in SCENES:
        began_s, tally = time.monotonic(), Tally()
        trial = Trial(scene, place / "".join(filter(str.isalnum, scene.name)), tally)
        trial.until_clean("killed", WRITING, KILL, lasting=False)
        yield Row("boundaries", scene.name, tally, time.monotonic() - began_s)


def _reads(place: Path, _arguments: argparse.Namespace) -> Iterator[Row]:
    """Each read of a master fails: that is no damage to the file."""
    for scene in READING:
        began_s, tally = time.monotonic(), Tally()
        trial = Trial(scene, place / "".join(filter(str.isalnum, scene.name)), tally)
        for lasting in (False, True):
            trial.until_clean("EIO", {Kind.READ}, ERRORS["EIO"], lasting=lasting)
        yield Row("reads", scene.name, tally, time.monotonic() - began_s)


def _once(place: Path, arguments: argparse.Namespace) -> Iterator[Row]:
    """The whole of `pacd --once`, its database included."""
    step = 41 if arguments.quick else arguments.step
    files = ("library", "mirror", "art")
    strikes = (
        ("killed", KILL, (*files, "state")),
        ("ENOSPC of files", ERRORS["ENOSPC"], files),
        ("ENOSPC of the database", ERRORS["ENOSPC"], ("state",)),
        ("EIO of the database", ERRORS["EIO"], ("state",)),
    )
    shots: Shots | None = None
    for name, number, below in strikes:
        began_s, tally = time.monotonic(), Tally()
        shots = shots or Shots(place, tally)
        shots.tally = tally
        shots.until_clean(name, number, step, below=below)
        yield Row("once", name, tally, time.monotonic() - began_s)


def _living(place: Path, arguments: argparse.Namespace) -> Iterator[Row]:
    """A running daemon: each writing call for an album fails, alone and with all behind it."""
    step = 7 if arguments.quick else 1
    for name in ("ENOSPC", "EIO"):
        for lasting in (False, True):
            began_s, tally = time.monotonic(), Tally()
            form = f"{name} lasting" if lasting else name
            base = place / form
            base.mkdir()
            with made_site(base) as site:
                configure(site)
                meet = partial(Life.until_clean, name=form, number=ERRORS[name], step=step)
                live(site, tally, partial(meet, lasting=lasting))
            yield Row("living", form, tally, time.monotonic() - began_s)


def _kills(place: Path, arguments: argparse.Namespace) -> Iterator[Row]:
    """The daemon, then its workers, are killed at random while all that they do goes on."""
    began_s, tally = time.monotonic(), Tally()
    run_kills(place, tally, 20 if arguments.quick else arguments.kills)
    for (part, state), number in sorted(tally.came.items()):
        print(f"killed {number} times at its {part}: {state}", file=sys.stderr)
    yield Row("kills", "daemon and workers at random", tally, time.monotonic() - began_s)


def _disks(place: Path, _arguments: argparse.Namespace) -> Iterator[Row]:
    """A small disk fills up under a daemon, and has room again."""
    for role in ROLES:
        began_s, tally = time.monotonic(), Tally()
        run_disk(place / role, role, tally)
        yield Row("disks", f"{role} fills up", tally, time.monotonic() - began_s)


PARTS: Final[Mapping[str, Part]] = {
    "calls": _calls,
    "boundaries": _boundaries,
    "reads": _reads,
    "once": _once,
    "living": _living,
    "kills": _kills,
    "disks": _disks,
}

_IN_MEMORY: Final = frozenset({"calls", "boundaries", "reads"})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, help="leave the others out")
    parser.add_argument("--kills", type=int, default=200, help="kill -9 at random moments")
    parser.add_argument("--step", type=int, default=7, help="of `once`: every so many calls")
    parser.add_argument("--quick", action="store_true", help="two errors, few kills")
    parser.add_argument("--write", action="store_true", help="refresh docs/reliability.md")
    return parser


if __name__ == "__main__":
    main()
