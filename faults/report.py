"""Rows of figures: prints them, and puts them into docs/reliability.md between two markers."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.report import machine
from faults.trials import Tally

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "docs" / "reliability.md"

_BEGIN: Final = "<!-- figures: written by faults/faults.py -->"
_END: Final = "<!-- end of figures -->"
HEAD: Final = (
    "| part | what | faults | kills | files checked | lost | temporaries left | done twice |"
    " other promises broken | took |\n|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    part: str
    what: str
    tally: Tally
    took_s: float

    @property
    def line(self) -> str:
        """As Markdown."""
        tally = self.tally
        told = min(len(tally.wrong), tally.lost + tally.temporaries + tally.duplicates)
        counts = (
            *(tally.faults, tally.kills, tally.files),
            *(tally.lost, tally.temporaries, tally.duplicates, len(tally.wrong) - told),
        )
        cells = (self.part, self.what, *(f"{each:,}" for each in counts), f"{self.took_s:.0f} s")
        return f"| {' | '.join(cells)} |"


def refresh(rows: Iterable[Row]) -> None:
    """Put rows into the document in place of older ones of the same parts."""
    new = [row.line for row in rows]
    parts = {_cells(line)[0] for line in new}
    text = DOCUMENT.read_text("utf-8")
    before, _, rest = text.partition(_BEGIN)
    old, _, after = rest.partition(_END)
    kept = [line for line in old.splitlines() if re.match(r"\| [a-z]+ \|", line)]
    kept = [line for line in kept if _cells(line)[0] not in {*parts, "part", "all"}]
    lines = [*kept, *new]
    block = "\n".join([HEAD, *lines, _sum(lines)])
    DOCUMENT.write_text(
        f"{before}{_BEGIN}\n\nLast run: {machine()}\n\n{block}\n\n{_END}{after}", "utf-8"
    )


def _sum(lines: Iterable[str]) -> str:
    numbers = [[int(cell.replace(",", "")) for cell in _cells(line)[2:-1]] for line in lines]
    sums = (f"{sum(column):,}" for column in zip(*numbers, strict=True))
    return f"| all | | {' | '.join(sums)} | |"


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]
