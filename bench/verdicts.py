"""Tables of what the detector said, beside its peers; puts them into their document."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from bench.corpus.fakes import SETTINGS
from bench.corpus.index import Clip, Kind, Part
from bench.hearing import Heard
from bench.report import machine
from pacd.domain.verdict import Authenticity

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "authenticity-benchmark.md"

_BEGIN = "<!-- results: written by bench/authenticity.py -->"
_END = "<!-- end of results -->"

Judged = Sequence[tuple[Clip, Heard]]

_CAUGHT, _UNSURE = Authenticity.SUSPECT, Authenticity.INCONCLUSIVE

_PEERS = ("flaccheck 0.1.2", "audiocheckr 0.5.12", "FLAC_Detective 2.5.0", "FlacCompagnon 0.9.0")
# Measured in the same way on other masters (20 of 40 s, for FLAC_Detective 6, for FlacCompagnon
# a part); caught is what the tool itself calls suspicious or worse.
_PEERS_RECALL = {
    "lame 128": ("18/20", "19/20", "3/6", "2/2"),
    "lame 192": ("17/20", "19/20", "4/6", "2/2"),
    "lame 256": ("14/20", "17/20", "2/6", "2/2"),
    "lame 320": ("15/20", "17/20", "2/6", "2/2"),
    "lame V0": ("11/20", "17/20", "0/6", "1/2"),
    "lame V2": ("14/20", "19/20", "4/6", "2/2"),
    "ffmpeg 128": ("15/20", "19/20", "6/6", "2/2"),
    "ffmpeg 256": ("2/20", "17/20", "6/6", "2/2"),
    "fdkaac -b 128": ("13/20", "19/20", "6/6", "2/2"),
    "fdkaac -b 256": ("15/20", "19/20", "6/6", "2/2"),
    "fdkaac -m 5": ("15/20", "18/20", "6/6", "2/2"),
    "oggenc q4": ("12/20", "18/20", "6/6", "2/2"),
    "oggenc q6": ("11/20", "18/20", "6/6", "2/2"),
    "oggenc q8": ("10/20", "17/20", "6/6", "2/2"),
    "opusenc 96": ("12/20", "16/20", "5/6", "13/20"),
    "opusenc 128": ("13/20", "16/20", "5/6", ""),
    "opusenc 192": ("13/20", "17/20", "6/6", "14/18"),
}
_PEERS_RECALL_ALL = ("65 %", "89 %", "77 %", "82 %")
_PEERS_ALARMS = ("5/40", "31/40", "0/40", "5/30")
_PEERS_PACE = ("121", "56", "5.3", "3.1")  # 40 s by their seconds of processor time

_TARGET_RECALL = 0.95
_TARGET_PACE = 150
_ENOUGH_GENUINE = 200


def report(part: Part, judged: Judged, pace: Iterable[tuple[str, float]]) -> str:
    """All tables, as Markdown."""
    plain = [each for each in judged if each[0].kind is Kind.FAKE and not each[0].treatment]
    genuine = [each for each in judged if each[0].kind is Kind.GENUINE]
    treated = [each for each in judged if each[0].kind is Kind.FAKE and each[0].treatment]
    others = [each for each in judged if each[0].kind in {Kind.UPSCALED, Kind.UPSAMPLED}]
    masters = len({clip.master for clip, _heard in judged})
    sections = (
        f"Last run: {machine()}\n\nPart: {part}; {len(judged)} files of {masters} masters.",
        _summary(plain, genuine, tuple(pace)),
        "### Fakes as they were decoded\n\n" + _settings(plain),
        "### Fakes that were treated\n\n" + _groups("treatment", treated, _codec_and_treatment),
        "### Genuine files\n\n" + _groups("what", genuine, _nature) + _alarms(genuine),
        "### Upscaled and upsampled\n\n"
        + _groups("what", others, lambda clip: f"{clip.kind}: {clip.treatment}"),
        "### Missed\n\n" + _missed(plain),
    )
    return "\n\n".join(sections)


def refresh(text: str) -> None:
    """Put it into the document in place of an older run."""
    before, _, rest = DOCUMENT.read_text("utf-8").partition(_BEGIN)
    after = rest.partition(_END)[2]
    DOCUMENT.write_text(f"{before}{_BEGIN}\n\n{text}\n\n{_END}{after}", "utf-8")


def _summary(plain: Judged, genuine: Judged, pace: Sequence[tuple[str, float]]) -> str:
    recall = _mean_recall(plain)
    alarms = _count(genuine, _CAUGHT)
    clean = not alarms and len(genuine) >= _ENOUGH_GENUINE
    rows = [
        ("recall, mean of all settings", f"{recall:.1%}", "≥ 95 %", recall >= _TARGET_RECALL),
        ("genuine called suspect", f"{alarms} of {len(genuine)}", "0 of 200", clean),
    ]
    peers = [_PEERS_RECALL_ALL, _PEERS_ALARMS]
    for name, times in pace:
        what = f"times real time on one core, decoding included: {name}"
        rows.append((what, f"{times:.0f}", "≥ 150", times >= _TARGET_PACE))
        peers.append(_PEERS_PACE)
    lines = (
        (what, value, target, "yes" if met else "**no**", *theirs)
        for (what, value, target, met), theirs in zip(rows, peers, strict=True)
    )
    return _table(("B7", "PAC", "target", "met", *_PEERS), lines)


def _settings(plain: Judged) -> str:
    rows = []
    for setting in SETTINGS:
        mine = [each for each in plain if each[0].setting == setting.name]
        peers = _PEERS_RECALL.get(setting.name, ("",) * len(_PEERS))
        rows.append((setting.codec, setting.name, *_shares(mine), _named(mine), *peers))
    head = ("codec", "setting", "files", "suspect", "inconclusive", "ok", "codec named", *_PEERS)
    return _table(head, rows)


def _groups(title: str, judged: Judged, key: Callable[[Clip], str]) -> str:
    groups: dict[str, list[tuple[Clip, Heard]]] = {}
    for each in judged:
        groups.setdefault(key(each[0]), []).append(each)
    rows = [(name, *_shares(groups[name])) for name in sorted(groups)]
    return _table((title, "files", "suspect", "inconclusive", "ok"), rows)


def _codec_and_treatment(clip: Clip) -> str:
    return f"{clip.treatment}: {clip.codec}"


def _nature(clip: Clip) -> str:
    """What a genuine file is."""
    group, _, name = clip.master.partition("/")
    if clip.treatment == "signal":
        return f"signal: {name.rpartition('-')[0]}"
    return f"case: {clip.treatment}" if clip.treatment else f"as it is: {group}"


def _alarms(genuine: Judged) -> str:
    lines = [
        f"- `{clip.file}` ({clip.master}): {heard.finding.sentence}"
        for clip, heard in genuine
        if heard.status is _CAUGHT
    ]
    return "\n\nCalled suspect:\n\n" + ("\n".join(lines) or "None.")


def _missed(plain: Judged) -> str:
    """Which masters hide a codec best."""
    counts = Counter(clip.master for clip, heard in plain if heard.status is not _CAUGHT)
    lines = [f"- {master}: {count}" for master, count in counts.most_common()]
    return "\n".join(lines) or "None."


def _mean_recall(plain: Judged) -> float:
    """Each setting counts alike, however many files it has."""
    shares = []
    for setting in SETTINGS:
        mine = [each for each in plain if each[0].setting == setting.name]
        if mine:
            shares.append(_count(mine, _CAUGHT) / len(mine))
    return sum(shares) / len(shares) if shares else 0.0


def _shares(judged: Judged) -> Iterator[str]:
    yield str(len(judged))
    for status in (_CAUGHT, _UNSURE, Authenticity.OK):
        count = _count(judged, status)
        yield f"{count} ({count / max(1, len(judged)):.0%})" if count else "0"


def _named(judged: Judged) -> str:
    """How many of those caught were said to be of the right codec."""
    right = sum(
        heard.status is _CAUGHT and heard.finding.numbers.get("codec") == clip.codec
        for clip, heard in judged
    )
    return str(right)


def _count(judged: Judged, status: Authenticity) -> int:
    return sum(heard.status is status for _clip, heard in judged)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
