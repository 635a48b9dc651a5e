"""How the corpus of known recordings is divided, and what its tables count."""

from collections import Counter
from pathlib import Path

import pytest

from bench import verdicts
from bench.corpus.fakes import SETTINGS, TREATMENTS
from bench.corpus.index import Clip, Kind, Part, part_of, read_index, write_index
from bench.corpus.making import Size, Stage, fakes
from bench.hearing import Heard
from pacd.domain.verdict import Authenticity, Detector, Finding

SETTING = SETTINGS[0]


def clip(number: int, kind: Kind = Kind.GENUINE, **more: str) -> Clip:
    return Clip(f"{kind}/{number}.flac", f"kit/{number}", Part.HELD_OUT, kind, **more)


def heard(status: Authenticity, codec: str = "MP3") -> Heard:
    finding = Finding(Detector.BUILTIN, "1", status, "because", {"codec": codec})
    return Heard(finding, 30.0, 0.1, 0.1)


def test_the_split_is_by_master() -> None:
    """B7: one in four tunes, the others judge, and each run says the same of each."""
    parts = [part_of(f"openmsx/piece {number}") for number in range(400)]

    assert parts == [part_of(f"openmsx/piece {number}") for number in range(400)]
    assert 70 <= parts.count(Part.DEVELOPMENT) <= 130


@pytest.mark.parametrize(
    ("master", "expected"),
    [
        ("openmsx/busy_schedule", Part.DEVELOPMENT),  # what the detector was first tried on
        ("kit/rumpf_kit_z01_h2", Part.DEVELOPMENT),
        ("kit/VariBreaks", Part.HELD_OUT),
        ("samples/loop", Part.HELD_OUT),
    ],
)
def test_what_was_tuned_on_never_judges(master: str, expected: Part) -> None:
    """B7: masters never seen in development."""
    assert expected is part_of(master)


def test_each_setting_meets_as_many_masters(tmp_path: Path) -> None:
    """B7: no setting is judged by few masters; each treatment meets each codec."""
    masters = tuple(clip(number) for number in range(180))
    stage = Stage(Part.HELD_OUT, (), masters, tmp_path, Size(plain=4, treated=1))
    made = [job.clip for job in fakes(stage)]

    plain = Counter(each.setting for each in made if not each.treatment)
    assert {36} == set(plain.values())
    assert {setting.name for setting in SETTINGS} == set(plain)
    treated = Counter((each.treatment, each.codec) for each in made if each.treatment)
    assert len(TREATMENTS) * 4 == len(treated)
    assert len(made) == len({each.file for each in made})


def test_a_list_is_read_as_it_was_written(tmp_path: Path) -> None:
    """B7: the list says of each file what it is."""
    clips = (clip(1), clip(2, Kind.FAKE, codec="MP3", setting="lame 128", treatment="trimmed"))
    write_index(tmp_path, Part.HELD_OUT, clips)

    assert set(clips) == set(read_index(tmp_path, Part.HELD_OUT))


def test_recall_counts_what_is_called_suspect() -> None:
    """B7: inconclusive is no catch, and a false alarm is named."""
    fake = clip(1, Kind.FAKE, codec=SETTING.codec, setting=SETTING.name)
    said = [
        (fake, heard(Authenticity.SUSPECT)),
        (fake, heard(Authenticity.INCONCLUSIVE)),
        (clip(2), heard(Authenticity.SUSPECT)),
        (clip(3), heard(Authenticity.OK)),
    ]
    text = verdicts.report(Part.HELD_OUT, said, [("a track", 151.0)])

    assert "| recall, mean of all settings | 50.0% | ≥ 95 % | **no** |" in text
    assert "| genuine called suspect | 1 of 2 | 0 of 200 | **no** |" in text
    assert "- `genuine/2.flac` (kit/2): because" in text
    assert "| MP3 | lame 128 | 2 | 1 (50%) | 1 (50%) | 0 | 1 | 18/20 |" in text
    assert "a track | 151 | ≥ 150 | yes |" in text
