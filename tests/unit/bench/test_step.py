"""What bench.scale claims of each step, and when the claims are not so."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from bench.asking import Answers
from bench.step import OTHERS, Clock, Step, busy_s
from bench.storms import change, folder_of, rewritten

WELL = Step(
    "a storm", 100, most_mib=224.0, peak_mib=154.0, answers=Answers([4.0] * 990 + [90.0] * 10)
)


def broken(step: Step) -> list[str]:
    """Which claims are not so, without the figures."""
    return [claim.split(": ")[1].split(" (")[0] for claim, holds in step.claims() if not holds]


def answered(late: int, *, others: float) -> Step:
    """A step in which so many of 1,000 answers were late."""
    return replace(WELL, others=others, answers=Answers([4.0] * (1000 - late) + [101.0] * late))


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (WELL, []),
        (replace(WELL, peak_mib=225.0), ["at most 224 MiB"]),
        (answered(1, others=OTHERS), ["all answers within 100 ms"]),
        (answered(1, others=OTHERS + 0.01), []),
        (answered(11, others=0.9), ["99 of 100 answers within 100 ms"]),
        (replace(WELL, others=0.9, answers=Answers([101.0] * 99)), []),
        (
            replace(WELL, answers=Answers([101.0] * 99)),
            ["99 of 100 answers within 100 ms", "all answers within 100 ms"],
        ),
    ],
)
def test_p5_b5_a_step_is_held_to_memory_and_answers(step: Step, expected: list[str]) -> None:
    """B5, P5: memory and 99 of 100 answers always; the longest where nobody else had much."""
    assert expected == broken(step)


def test_what_others_had_is_what_is_left_of_the_machine() -> None:
    """B5: neither the daemon with its workers nor the benchmark itself counts as others."""
    step, cores = Step("", 1, 1.0, elapsed_s=10.0), os.cpu_count() or 1
    now = Clock(machine_s=107.0 + cores, own_s=3.0, family_s=6.0, bench_s=2.0)
    now.read_into(step, Clock(machine_s=100.0, own_s=1.0, family_s=1.0, bench_s=0.0))

    assert (2.0, 5.0) == (step.own_s, step.cpu_s)
    assert step.others == pytest.approx(0.1)


def test_the_machine_is_busy_while_somebody_works() -> None:
    """B5: /proc/stat tells of work, wherever it is done."""
    before_s, began_s = busy_s(), time.process_time()
    while time.process_time() < began_s + 0.1:
        pass

    assert busy_s() > before_s + 0.05


def test_a_storm_rewrites_as_many_as_it_says(tmp_path: Path) -> None:
    """B5: what must be tested once more is known, so that more than that is noticed."""
    before = {}
    for number in range(70):
        path = tmp_path / folder_of(number) / f"{number}.flac"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"TITLE=Song")
        before[path] = path.read_bytes()
    change(tmp_path, 70)
    changed = [path for path, was in before.items() if path.exists() and path.read_bytes() != was]

    assert (50, 50) == (rewritten(70), len(changed))
