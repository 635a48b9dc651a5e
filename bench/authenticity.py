"""B7: lets the builtin detector judge recordings of known origin, and prints how often it errs."""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from bench import verdicts
from bench.corpus.fakes import PLAIN, SETTINGS, make_fake
from bench.corpus.index import Clip, Kind, Part, read_index
from bench.corpus.making import Size, make_corpus
from bench.corpus.sounds import joined
from bench.hearing import Heard, hear, hear_all

_PROCESSES = 2
_TRACK_S = 240
_RUNS = 3
_EVERY = 100


def main() -> None:
    """Run what the arguments say."""
    given = _parser().parse_args()
    root = given.scratch.resolve()
    if not given.as_it_is:
        make_corpus(root, root, Size(given.plain, given.treated), (given.part,))
    clips = [clip for clip in read_index(root, given.part) if given.only in clip.file]
    judged = list(_followed(hear_all(root, clips, _PROCESSES), len(clips)))
    _keep(root / f"verdicts-{given.part}.json", judged)
    pace = () if given.only else tuple(_pace(root, given.part, clips))
    text = verdicts.report(given.part, judged, pace)
    print(text)
    if given.write:
        verdicts.refresh(text)


def _followed(judged: Iterable[tuple[Clip, Heard]], total: int) -> Iterator[tuple[Clip, Heard]]:
    for number, each in enumerate(judged, 1):
        if number % _EVERY == 0:
            print(f"{number} of {total}", file=sys.stderr, flush=True)
        yield each


def _keep(path: Path, judged: Sequence[tuple[Clip, Heard]]) -> None:
    """For those who want to know more of one file."""
    rows = [
        asdict(clip)
        | {"status": heard.status, "sentence": heard.finding.sentence}
        | {"numbers": dict(heard.finding.numbers), "cpu_s": round(heard.cpu_s, 3)}
        for clip, heard in judged
    ]
    path.write_text(json.dumps(rows, indent=1), "utf-8")


def _pace(root: Path, part: Part, clips: Sequence[Clip]) -> list[tuple[str, float]]:
    """How many times faster than real time one core is, for tracks of four minutes."""
    music = [
        root / clip.file
        for clip in clips
        if clip.kind is Kind.GENUINE and not clip.treatment and "openmsx" in clip.master
    ]
    track = root / f"whole-{part}.flac"
    fake = root / f"whole-{part}-fake.flac"
    if not track.exists():
        joined(music, track, _TRACK_S)
    if not fake.exists():
        make_fake(track, fake, next(s for s in SETTINGS if s.name == "lame 192"), PLAIN)
    paces = []
    for name, path in (("a genuine track", track), ("a fake one", fake)):
        runs = [hear(path) for _run in range(_RUNS)]
        paces.append((name, statistics.median(each.seconds / each.cpu_s for each in runs)))
    return paces


def _parser() -> argparse.ArgumentParser:
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--scratch",
        type=Path,
        default=cache / "pac-bench" / "authenticity",
        help="make and keep the corpus here (%(default)s; 6 GB, an hour on two cores)",
    )
    parser.add_argument(
        "--part", type=Part, choices=list(Part), default=Part.HELD_OUT, help="%(default)s"
    )
    parser.add_argument("--plain", type=int, default=Size().plain, help="fakes of each master")
    parser.add_argument("--treated", type=int, default=Size().treated, help="treated ones besides")
    parser.add_argument("--as-it-is", action="store_true", help="make nothing")
    parser.add_argument("--only", default="", help="clips with this in their names; no speed")
    parser.add_argument("--write", action="store_true", help=f"refresh {verdicts.DOCUMENT.name}")
    return parser


if __name__ == "__main__":
    main()
