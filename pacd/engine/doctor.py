"""Looks at tools, roots, rights, disks and limits, and says what is wrong and how to mend it."""

import os
import platform
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pacd import VERSION
from pacd.domain.media import Codec
from pacd.domain.policy import DaemonPolicy
from pacd.domain.verdict import BUILTIN_VERSION, Detector
from pacd.engine.backups import OVERDUE
from pacd.engine.presence import reachable
from pacd.engine.unresampled import RESAMPLER_FIX
from pacd.files.room import Free, lack
from pacd.intake import limits
from pacd.intake.mounts import filesystem
from pacd.protocol.documents import Doctor, DoctorCheck, Problem, ProblemKind, Verdict, Watch
from pacd.store import shelf
from pacd.tools.toolbox import REMEDIES, TITLES, Toolbox

_MOMENT: Final = "%Y-%m-%d %H:%M:%S %Z"

_PLACES: Final = "If you have it, put it on PATH or name it in [authenticity]"

_UNUSABLE: Final = (
    "Run it by hand, or correct its path in [authenticity]. A program of 32 bits needs a kernel "
    "that runs such, and as a service "
    "`SystemCallArchitectures=native x86`. Or take it out of `detectors` in [authenticity]."
)

_MAKE: Final = "make it: mkdir -p {}"

_AGAIN: Final = "make it again for the user of pacd, which then writes all that it knows there"

_POLLED: Final = "Audits find what changes, every 15 minutes or more often."

_JITTER: Final = timedelta(seconds=5)
"""By how much a clock that is kept by NTP may be set back, and some."""


def examine(
    policy: DaemonPolicy,
    tools: Toolbox,
    watch: Watch,
    database: Path,
    last_audit: datetime | None,
    problems: tuple[Problem, ...],
    *,
    now: datetime,
) -> Doctor:
    """
    Look at everything now; writes nothing but a file for a moment where a disk may be full.

    Args:
        problems: Those that status tells of: what they are about is not called sound.
    """
    python = platform.python_version()
    checks = (
        DoctorCheck(name="pacd", verdict=Verdict.OK, found=f"{VERSION} on Python {python}"),
        *_tools(policy, tools),
        *_roots(policy, tuple(each for each in problems if each.path and each.degrades)),
        _state(database.parent, policy.min_free_bytes, problems),
        _backups(database, now),
        *_watches(watch, [each for each in problems if each.kind is ProblemKind.UNWATCHED]),
        _clock(last_audit, now),
        _user(),
    )
    return Doctor(checks=checks)


def _tools(policy: DaemonPolicy, tools: Toolbox) -> Iterator[DoctorCheck]:
    for name, version in tools.versions.items():
        yield DoctorCheck(name=name, verdict=Verdict.OK, found=version)
    wanted = {mirror.codec for library in policy.libraries for mirror in library.mirrors}
    for codec in Codec:
        yield _encoder(codec, tools, wanted=codec in wanted)
    yield _resampler(tools, wanted=any(each.flac.resample_to_cd for each in policy.libraries))
    counting = {
        detector
        for library in policy.libraries
        if library.authenticity.enabled
        for detector in library.authenticity.detectors
    }
    versions = {Detector.BUILTIN: BUILTIN_VERSION}
    versions |= {each.detector: each.version for each in tools.detectors}
    for detector in Detector:
        fault = tools.faults.get(detector, "")
        yield _detector(detector, versions.get(detector, ""), fault, wanted=detector in counting)


def _encoder(codec: Codec, tools: Toolbox, *, wanted: bool) -> DoctorCheck:
    name, encoder = f"{TITLES[codec]} encoder", tools.encoder(codec)
    if encoder:
        return DoctorCheck(name=name, verdict=Verdict.OK, found=encoder.name)
    if not wanted:
        return DoctorCheck(name=name, verdict=Verdict.OK, found="not found; no mirror wants it")
    fix = f"Install one: {REMEDIES[codec]}"
    return DoctorCheck(name=name, verdict=Verdict.DEGRADED, found="not found", fix=fix)


def _resampler(tools: Toolbox, *, wanted: bool) -> DoctorCheck:
    if tools.resampler:
        found = f"libsoxr in {tools.resampler.name}"
        return DoctorCheck(name="resampler", verdict=Verdict.OK, found=found)
    if not wanted:
        found = "not found; resample_to_cd is false"
        return DoctorCheck(name="resampler", verdict=Verdict.OK, found=found)
    found = "not found: masters above 44.1 kHz stay as they are"
    return DoctorCheck(name="resampler", verdict=Verdict.DEGRADED, found=found, fix=RESAMPLER_FIX)


def _detector(detector: Detector, version: str, fault: str, *, wanted: bool) -> DoctorCheck:
    """One that is not there is no fault: each is optional (A1)."""
    name = f"detector {detector}"
    if wanted and fault:
        found = f"it is there, and cannot be used: {fault}"
        return DoctorCheck(name=name, verdict=Verdict.DEGRADED, found=found, fix=_UNUSABLE)
    found = f"version {version}" if version else f"not found; optional. {_PLACES}"
    if not wanted:
        found = "not asked: [authenticity] does not want it"
    return DoctorCheck(name=name, verdict=Verdict.OK, found=found)


def _roots(policy: DaemonPolicy, problems: tuple[Problem, ...]) -> Iterator[DoctorCheck]:
    for name, root, way in _places(policy):
        told = [each for each in problems if Path(each.path).is_relative_to(root)]
        away = [each for each in told if each.kind is ProblemKind.ROOT_MISSING]
        if away:  # whatever is in its place now says nothing of it
            yield _told(name, away)
            continue
        seen = _root(name, root, policy.min_free_bytes, way)
        yield _told(name, told) if told and seen.verdict is Verdict.OK else seen
    wishes = (each.authenticity for each in policy.libraries if each.authenticity.enabled)
    for root in dict.fromkeys(each.spectrogram.root for each in wishes if each.spectrogram):
        yield _drawing(root, policy.min_free_bytes)


def _places(policy: DaemonPolicy) -> Iterator[tuple[str, Path, str]]:
    """Yield each root that PAC keeps by its name, and what may be done should it not be there."""
    for library in policy.libraries:
        mend = f"correct root in [[library]] {library.name}."
        yield f"library {library.name}", library.root, mend
        for mirror in library.mirrors:
            yield f"mirror {mirror.name}", mirror.root, _MAKE.format(mirror.root)
        if library.artwork.enabled:
            yield "covers", library.artwork.root, _MAKE.format(library.artwork.root)


def _told(name: str, problems: Sequence[Problem]) -> DoctorCheck:
    """What status tells of, in its words."""
    found = " ".join(dict.fromkeys(each.what for each in problems))
    fix = " ".join(dict.fromkeys(each.fix for each in problems))
    return DoctorCheck(name=name, verdict=Verdict.DEGRADED, found=found, fix=fix)


def _state(folder: Path, reserve_bytes: int, problems: Sequence[Problem]) -> DoctorCheck:
    gone = [each for each in problems if each.kind is ProblemKind.STATE_GONE]
    return _told("state", gone) if gone else _root("state", folder, reserve_bytes, _AGAIN)


def _drawing(root: Path, reserve_bytes: int) -> DoctorCheck:
    """The first picture makes the root for spectrograms, in a folder that must be there."""
    to_be_made = not os.path.lexists(root) and reachable(root.parent)
    place = root.parent if to_be_made else root
    return _root("spectrograms", place, reserve_bytes, _MAKE.format(place))


def _root(name: str, root: Path, reserve_bytes: int, way: str) -> DoctorCheck:
    if not reachable(root):
        fix = f"Mount its disk, or {way}"
        found = f"{root} is not there"
        return DoctorCheck(name=name, verdict=Verdict.DEGRADED, found=found, fix=fix)
    if not os.access(root, os.W_OK | os.X_OK):
        user = os.geteuid()
        found = f"{root} cannot be written by user {user}"
        fix = f"Give user {user} the right to write there (chown, chmod or setfacl)."
        return DoctorCheck(name=name, verdict=Verdict.FAILED, found=found, fix=fix)
    return _space(name, root, reserve_bytes)


def _space(name: str, root: Path, reserve_bytes: int) -> DoctorCheck:
    free = Free.on(root)
    found = f"{root} on {filesystem(root)}, {free.size_bytes >> 20} MiB free"
    if lack(root, reserve_bytes):
        few = free.size_bytes >= reserve_bytes
        found += f", and {free.files:.0f} inodes" if few else ""
        what, unit = ("Remove files there", "inodes") if few else ("Free some space", "MiB")
        fix = f"{what}: the reserve is {reserve_bytes >> 20} {unit} (min_free_mib in [audit])."
        return DoctorCheck(name=name, verdict=Verdict.DEGRADED, found=found, fix=fix)
    return DoctorCheck(name=name, verdict=Verdict.OK, found=found)


def _watches(watch: Watch, problems: Sequence[Problem]) -> Iterator[DoctorCheck]:
    limit, away = limits.watches(), " and ".join(watch.away)
    found = f"the limit is {limit.value}" if limit.value else "the limit is unknown"
    if watch.mode == "inotify":
        which = "which is away" if len(watch.away) == 1 else "which are away"
        found = f"none of {away}, {which}, {found}" if away else found
        found = f"{watch.watched} of {watch.directories} folders are watched, {found}"
    if watch.mode == "inotify" and watch.watched < watch.directories:
        fix = limit.raised_to(limits.enough(limit, watch.directories))
        yield DoctorCheck(name="watches", verdict=Verdict.DEGRADED, found=found, fix=fix)
    elif problems:
        yield _told("watches", problems)
    elif away:
        fix = f"See library {watch.away[0]}: once its root is back, PAC watches it by itself."
        yield DoctorCheck(name="watches", verdict=Verdict.DEGRADED, found=found, fix=fix)
    else:
        yield DoctorCheck(name="watches", verdict=Verdict.OK, found=found)
    for number, note in enumerate(watch.polled, 1):
        name = "polled" if len(watch.polled) == 1 else f"polled {number}"
        yield DoctorCheck(name=name, verdict=Verdict.OK, found=f"{note}. {_POLLED}")


def _clock(last_audit: datetime | None, now: datetime) -> DoctorCheck:
    found = f"{now:{_MOMENT}}"
    if last_audit is None or last_audit <= now + _JITTER:
        return DoctorCheck(name="clock", verdict=Verdict.OK, found=found)
    return DoctorCheck(
        name="clock",
        verdict=Verdict.DEGRADED,
        found=f"it is {found}, but the last audit ended at {last_audit:{_MOMENT}}",
        fix="Set the clock (`timedatectl set-ntp true`); audits and re-tests go by it.",
    )


def _backups(database: Path, now: datetime) -> DoctorCheck:
    """Say how many there are, and whether the last is as young as a daily one should be."""
    last, there = shelf.newest(database, now=now), len(shelf.backups(database))
    found = f"{there} of the state in {shelf.folder_of(database)}"
    if last:
        found += f", the last of {last:{_MOMENT}}"
    if not database.exists() or (last and now - last < OVERDUE):
        return DoctorCheck(name="backups", verdict=Verdict.OK, found=found)
    fix = "pacd makes one each day, and the first when it starts: `journalctl -u pacd` tells more."
    return DoctorCheck(name="backups", verdict=Verdict.DEGRADED, found=found, fix=fix)


def _user() -> DoctorCheck:
    if os.geteuid() == 0:
        return DoctorCheck(
            name="user",
            verdict=Verdict.DEGRADED,
            found="pacd runs as root",
            fix="Run it as a user of its own: systemd/pacd.service does.",
        )
    return DoctorCheck(name="user", verdict=Verdict.OK, found=f"pacd runs as uid {os.geteuid()}")
