"""A walk of a library, or of a part of it, and how far it has come: a value that the walk fills."""

import os
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final

import structlog

from pacd.domain.policy import LibraryPolicy
from pacd.domain.scan import ScanReport
from pacd.engine.survey import Tally
from pacd.intake.audit import FolderView
from pacd.intake.debounce import Place
from pacd.intake.gauge import Gauge
from pacd.intake.overlooked import Overlooked
from pacd.intake.volumes import Spot
from pacd.protocol.documents import Problem, ProblemKind

_log = structlog.get_logger()

MAX_WARNINGS: Final = 100


def broke_off(problems: Iterable[Problem]) -> bool:
    """Whether one of them is a walk that is to be tried again soon."""
    return any(each.kind is ProblemKind.WALK_FAILED for each in problems)


def failures(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Those of them for which a run ends with 2; music that is left alone is only told of."""
    return tuple(each for each in problems if each.degrades)


@dataclass(frozen=True, slots=True)
class Findings:
    """
    What a walk leaves to be told until the next one.

    Attributes:
        unread: What could not be looked at.
        overlooked: Music that was passed by, if there was any.
        example: Where the first of it stood.
    """

    unread: tuple[Problem, ...] = ()
    overlooked: Problem | None = None
    example: Path | None = None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All that is still so: a draft with a dot has its own name by now, or is no more."""
        if self.overlooked and self.example and os.path.lexists(self.example):
            return (*self.unread, self.overlooked)
        return self.unread

    def settled(self, folder: Path) -> "Findings":
        """The same once a person has said that disks at and below a folder are gone for good."""

        def stays(problem: Problem) -> bool:
            missing = problem.kind is ProblemKind.ROOT_MISSING
            return not (missing and Path(problem.path).is_relative_to(folder))

        return replace(self, unread=tuple(filter(stays, self.unread)))


@dataclass(slots=True)
class Audit:
    """
    One walk of a library or of a part of it, and how far it has come.

    The counters are written by one thread each and read by any.

    Attributes:
        below: Where it starts, relative to the root.
        forced: Whether folders at rest are looked at all the same.
        discovered: Files seen so far; `unchanged` those of folders at rest.
        tally: What became of the files of the other folders.
        places: Folders that it found and that have not come to rest since.
        unseen: Folders on record there that it has not met, with their fingerprints.
        after_crash: Whether a daemon before this one may have left scratch files among the covers.
        swept: Whether none of those can be left.
        census: Whether all that stands in the mirrors is to be told, not only what is stray.
        gauge: Told of each folder, where it is to be known which of them are watched.
        root: Which folder it began at, and `known` how many files were on record then.
        doubt: Why it may not have been the library that it saw.
        away: A problem for each disk inside that was not there.
        broke_off: Whether it could not go on to its end.
        walked: Whether the walk itself is over.
        overlooked: The first music that it passed by for its name or a link, and how many such.
    """

    policy: LibraryPolicy
    library_id: int
    below: PurePosixPath = field(default_factory=PurePosixPath)
    forced: bool = False
    discovered: int = 0
    unchanged: int = 0
    folders: int = 0
    drift: int = 0
    tally: Tally = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    failed: int = 0
    places: set[Place] = field(default_factory=set)
    unseen: dict[str, bytes | None] = field(default_factory=dict)
    after_crash: bool = False
    swept: bool = True
    census: bool = False
    gauge: Gauge | None = None
    root: Spot | None = None
    known: int = 0
    doubt: Problem | None = None
    away: tuple[Problem, ...] = ()
    broke_off: bool = False
    walked: bool = False
    overlooked: tuple[Overlooked | None, int] = (None, 0)
    error: str = ""
    started_s: float = field(default_factory=time.monotonic)

    @property
    def whole(self) -> bool:
        """Whether it covers its library."""
        return self.below == PurePosixPath()

    @property
    def thorough(self) -> bool:
        """Whether covers and orphans, wherever they are, are looked at too: not for each event."""
        return self.whole or self.forced

    @property
    def at_rest(self) -> bool:
        """Whether all that it found has come to rest."""
        return self.walked and not self.places

    @property
    def unread(self) -> tuple[Problem, ...]:
        """A problem where it, or parts of it, could not be looked at (L3, w09)."""
        if self.doubt:
            return (self.doubt,)
        if self.broke_off:
            return (
                Problem(
                    kind=ProblemKind.WALK_FAILED,
                    what=f"Library {self.policy.name}: {self.error}; "
                    "what is new there may not have been found, and nothing is forgotten.",
                    fix="Mend what it says; PAC tries again within 15 minutes, "
                    "and at once after `pacctl scan`.",
                    path=str(self.policy.root),
                ),
            )
        if not self.warnings:
            return self.away
        more = f" (and {self.failed - 1} more)" if self.failed > 1 else ""
        return (
            *self.away,
            Problem(
                kind=ProblemKind.UNREADABLE,
                what=f"Library {self.policy.name}: {self.warnings[0]}{more}; "
                "what is there is neither maintained nor forgotten.",
                fix="Give pacd's user the right to read it (chmod, chown or setfacl), "
                "then `pacctl scan`.",
                path=str(self.policy.root),
            ),
        )

    @property
    def findings(self) -> Findings:
        """What is unread, and a problem where music is left alone, seemingly by mistake (W6)."""
        first, number = self.overlooked
        if first is None:
            return Findings(self.unread)
        more = f" (and {number - 1} more)" if number > 1 else ""
        what = f"Library {self.policy.name}: {first.path} {first.why}{more}; it is not maintained."
        problem = Problem(kind=ProblemKind.OVERLOOKED, what=what, fix=first.fix)
        return Findings(self.unread, problem, self.policy.root / first.path)

    def report(self) -> ScanReport:
        """What it found (L3)."""
        counted = self.unchanged + self.tally.total() - self.tally["removed"]
        lost = f"{self.discovered} files were seen, but {counted} of them are accounted for"
        return ScanReport(
            files_discovered=self.discovered + self.failed,
            files_added=self.tally["added"],
            files_updated=self.tally["updated"],
            files_moved=self.tally["moved"] + self.tally["rejoined"],
            files_removed=max(0, self.tally["removed"] - self.tally["rejoined"]),
            files_skipped=self.unchanged + self.tally["skipped"],
            files_failed=self.failed,
            drift=self.drift,
            scan_duration_s=round(time.monotonic() - self.started_s, 3),
            warnings=(
                *self.warnings,
                *([f"{lost}: please report this"] if counted != self.discovered else []),
                *(said.what for said in self.findings.problems if said not in self.unread),
            ),
        )

    def log(self, report: ScanReport) -> None:
        """Write the one line of the log for a walk that is over (O1)."""
        _log.info(
            "scan",
            action="scan",
            status="error" if self.error else "ok",
            library=self.policy.name,
            path=str(self.below),
            reason=self.error or None,
            **asdict(report),
        )

    def overlook(self, found: Iterable[Overlooked]) -> None:
        """Count what music was passed by, and keep the first."""
        for each in found:
            first, number = self.overlooked
            self.overlooked = (first or each, number + 1)

    def warn(self, view: FolderView) -> None:
        """Keep what could not be looked at."""
        self.failed += len(view.warnings)
        room = MAX_WARNINGS - len(self.warnings)
        self.warnings.extend(view.warnings[: max(0, room)])
