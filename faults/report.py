"""Rows of figures: prints them, and puts them into docs/reliability.md between two markers."""

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
    """Put the rows of a whole run into the document in place of the last ones."""
    shown = list(rows)
    text = DOCUMENT.read_text("utf-8")
    before, _, rest = text.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    total = Row("all", "", _sum(shown), sum(row.took_s for row in shown))
    table = "\n".join([HEAD, *(row.line for row in shown), total.line])
    block = f"\n\nLast run: {machine()}\n\n{table}\n\n"
    DOCUMENT.write_text(f"{before}{_BEGIN}{block}{_END}{after}", "utf-8")


def _sum(rows: Iterable[Row]) -> Tally:
    total = Tally()
    for row in rows:
        for name in ("faults", "kills", "files", "lost", "temporaries", "duplicates", "wrong"):
            setattr(total, name, getattr(total, name) + getattr(row.tally, name))
    return total
