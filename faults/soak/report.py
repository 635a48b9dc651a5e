"""The figures of a soak, as tables; writes nothing but its part of docs/reliability.md."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from faults.soak.watching import Span

WARM_UP_S: Final = 60.0
"""What a daemon's first minute brings is no leak: its first workers, its caches."""

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


def growth(span: Span) -> Iterator[str]:
    """Yield what grew in a life, a sentence each."""
    first, last = span.quarters("private_mib", WARM_UP_S)
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
    yield "| life | lasted | resident MiB | private MiB | descriptors | threads | children |"
    yield "|---|---|---|---|---|---|---|"
    for number, span in enumerate(spans, start=1):
        if span.lasted_s < 2 * WARM_UP_S:
            continue
        values = ("resident_mib", "private_mib", "descriptors", "threads", "children")
        cells = [_pair(*span.quarters(value, WARM_UP_S)) for value in values]
        yield f"| {number} | {span.lasted_s / 60:.1f} min | {' | '.join(cells)} |"


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
