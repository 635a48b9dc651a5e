"""The figures of a soak, as tables; writes nothing but its part of docs/reliability.md."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from faults.soak.watching import Span

WARM_UP_S: Final = 60.0
"""What a daemon's first minute brings is no leak: its first workers, its caches."""

FILLING: Final = 0.5
"""
Share of a life after which memory is looked at: until then caches fill that have an end, above all
SQLite's pages (12 MiB for the engine, as requirement S1 has it).
"""

STEADY_S: Final = 1_200.0
"""How long a life goes on after that, at least, where its slope is judged: it lasts 40 minutes."""

LONG_MINUTES: Final = 60.0
"""A soak so long has such a life."""

SLOPE_MIB_H: Final = 12.0
"""
The steepest line (least squares) through private memory that is flat.

Noise within 1 MiB to either side cannot breach it: at its worst it is one step of 2 MiB in the
midst of 20 minutes, which has a slope of 9 MiB an hour (1.5 times the step over the time).  The
daemon that grew by a MiB a minute (decision 0024) had 60; and 2.5 MiB for each overflow of the
queue breach it with five of them an hour, where a soak has dozens.
"""

# A gain between the first and the last quarter of a life that nobody would call flat.
PRIVATE_GAIN: Final = 1.15
PRIVATE_GAIN_MIB: Final = 4.0
DESCRIPTORS_GAIN: Final = 5
THREADS_GAIN: Final = 3

STATUS_S: Final = 2.0
"""The slowest answer that is no breach while two cores are all busy; B5 has its own bench."""


_DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "reliability.md"
_BEGIN: Final = "<!-- figures: written by faults/soak with --write -->"
_END: Final = "<!-- figures end -->"


def write(lines: Sequence[str]) -> None:
    """Put the figures into the document, in place of those before."""
    before, _, rest = _DOCUMENT.read_text("utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    _DOCUMENT.write_text("\n\n".join((before + _BEGIN, "\n".join(lines), _END + after)), "utf-8")


@dataclass(frozen=True, slots=True)
class Rise:
    """
    How private memory went in a life, once its caches were full.

    Attributes:
        minutes: For how long that was looked at; `overflows` of the queue came meanwhile.
    """

    mib_h: float
    minutes: float
    overflows: int

    @property
    def words(self) -> str:
        """A clause, with what each overflow came to."""
        told = f"{self.mib_h:.1f} MiB an hour over {self.minutes:.0f} min"
        if not self.overflows:
            return told
        each_mib = self.mib_h * self.minutes / 60 / self.overflows
        return f"{told}, {each_mib:.2f} for each of {self.overflows} overflows"


def rise(span: Span) -> Rise | None:
    """Tell how private memory went in the second half of a life; None of one that was too short."""
    if (1 - FILLING) * span.lasted_s < STEADY_S:
        return None
    late = span.after(FILLING * span.lasted_s)
    line = statistics.linear_regression(
        [each.at_s / 3600 for each in late], [each.private_mib for each in late]
    )
    minutes = (late[-1].at_s - late[0].at_s) / 60
    return Rise(line.slope, minutes, late[-1].overflows - late[0].overflows)


def unknown(spans: Sequence[Span], minutes: float) -> Iterator[str]:
    """Yield what a soak of so many minutes should have shown, and has not."""
    if minutes >= LONG_MINUTES and not any(map(rise, spans)):
        longest_s = max((span.lasted_s for span in spans), default=0.0)
        yield (
            f"whether memory grows is not known: no life lasted for "
            f"{STEADY_S / (1 - FILLING) / 60:.0f} min, the longest for {longest_s / 60:.1f}"
        )


def growth(span: Span) -> Iterator[str]:
    """Yield what grew in a life, a sentence each."""
    risen = rise(span)
    if risen and risen.mib_h > SLOPE_MIB_H:
        yield f"private memory grew by {risen.words}"
    first, last = _memory(span, "private_mib")
    if last > max(first * PRIVATE_GAIN, first + PRIVATE_GAIN_MIB):
        yield f"private memory grew from {first:.1f} to {last:.1f} MiB"
    first, last = span.quarters("descriptors", WARM_UP_S)
    if last > first + DESCRIPTORS_GAIN:
        yield f"descriptors grew from {first:.0f} to {last:.0f}"
    first, last = span.quarters("threads", WARM_UP_S)
    if last > first + THREADS_GAIN:
        yield f"threads grew from {first:.0f} to {last:.0f}"


def of_lives(spans: Sequence[Span]) -> Iterator[str]:
    """Yield a row for each life that lasted for more than twice its warm-up."""
    yield (
        "| life | lasted | private MiB after a minute | from its half to its end | its slope "
        "| resident MiB | descriptors | threads | children |"
    )
    yield "|---|---|---|---|---|---|---|---|---|"
    for number, span in enumerate(spans, start=1):
        if span.lasted_s < 2 * WARM_UP_S:
            continue
        begun = f"{span.quarters('private_mib', WARM_UP_S)[0]:.1f}"
        memory = (_pair(*_memory(span, value)) for value in ("private_mib", "resident_mib"))
        private, resident = memory
        risen = rise(span)
        slope = risen.words if risen else "too short to tell"
        names = ("descriptors", "threads", "children")
        others = (_pair(*span.quarters(name, WARM_UP_S)) for name in names)
        cells = [begun, private, slope, resident, *others]
        yield f"| {number} | {span.lasted_s / 60:.1f} min | {' | '.join(cells)} |"


def _memory(span: Span, value: str) -> tuple[float, float]:
    return span.quarters(value, max(WARM_UP_S, FILLING * span.lasted_s))


def _pair(first: float, last: float) -> str:
    return f"{first:.1f} → {last:.1f}" if first % 1 or last % 1 else f"{first:.0f} → {last:.0f}"


def of_answers(answered_s: Sequence[float]) -> str:
    """How long answers took."""
    if len(answered_s) < 2:
        return "too few"
    per_cent = statistics.quantiles(answered_s, n=100)
    return (
        f"{len(answered_s)}; median {1000 * per_cent[49]:.0f} ms, 99 % within "
        f"{1000 * per_cent[98]:.0f} ms, slowest {1000 * max(answered_s):.0f} ms"
    )


def of_counts(counts: Mapping[str, int]) -> str:
    """What was done how often, most often first."""
    ordered = sorted(counts.items(), key=lambda each: -each[1])
    return ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in ordered)
