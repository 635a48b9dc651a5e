"""The lists of a corpus, one file for each part: what each clip is; reads and writes them."""

import json
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path


class Part(StrEnum):
    """What tunes never judges: a master and all that is made of it lie in one part."""

    DEVELOPMENT = "development"
    HELD_OUT = "held-out"


class Kind(StrEnum):
    """What a clip is, in truth."""

    GENUINE = "genuine"
    FAKE = "fake"
    UPSCALED = "upscaled"
    UPSAMPLED = "upsampled"


@dataclass(frozen=True, slots=True)
class Clip:
    """
    One file of a corpus.

    Attributes:
        file: Below the corpus' folder.
        master: The piece, kit or recording that it was made of, as "kit/Audiophob".
        codec, setting: Of a fake, as "MP3" and "lame 128"; "" for others.
        treatment: What else was done to the master or the fake; "" for nothing.
    """

    file: str
    master: str
    part: Part
    kind: Kind
    codec: str = ""
    setting: str = ""
    treatment: str = ""


# The detector was first tried on these, so they can never judge it; and each instrument plays
# in one part only (soundfonts: bench/corpus/masters.py).
_DEVELOPMENT = frozenset(
    {
        "openmsx/5432gone_redfarn",
        "openmsx/be_sharp_bw_redfarn",
        "openmsx/boogi_marabi_redfarn",
        "openmsx/busy_schedule",
        "openmsx/careless_perc_redfarn",
        "pingus/gd-cancn",
        "pingus/gd-giirm",
        "pingus/gd-ite",
        "kit/rumpf_kit_z01_h2",
        "kit/Millo_MultiLayered2",
        "kit/The Black Pearl 1.0",
        "kit/Audiophob",
        "samples/ambi",
        "samples/bass",
        "samples/bd",
        "samples/drum",
        "samples/elec",
    }
)
_JUDGES = frozenset(
    {
        "kit/BJA_Pacific",
        "kit/ColomboAcousticDrumkit",
        "kit/ElectricEmpireKit",
        "kit/ForzeeStereo",
        "kit/Gimme A Hand 1.0",
        "kit/HardElectro1",
        "kit/Millo-Drums_v.1",
        "kit/VariBreaks",
        "samples/glitch",
        "samples/guit",
        "samples/loop",
        "samples/mehackit",
        "samples/perc",
        "samples/tabla",
        "samples/vinyl",
    }
)


def part_of(master: str) -> Part:
    """A table for what is few, and for the many others one in four by the CRC-32 of the name."""
    if master in _JUDGES:
        return Part.HELD_OUT
    chosen = master in _DEVELOPMENT or zlib.crc32(master.encode()) % 4 == 0
    return Part.DEVELOPMENT if chosen else Part.HELD_OUT


def read_index(root: Path, part: Part) -> tuple[Clip, ...]:
    """What a corpus holds in this part."""
    return tuple(
        Clip(**{**row, "part": Part(row["part"]), "kind": Kind(row["kind"])})
        for row in json.loads((root / f"{part}.json").read_text("utf-8"))
    )


def write_index(root: Path, part: Part, clips: Iterable[Clip]) -> None:
    """Put the list of a part's clips in place of an older one; readers see either."""
    rows = [asdict(clip) for clip in sorted(clips, key=lambda clip: clip.file)]
    draft = root / f".{part}.json"
    draft.write_text(json.dumps(rows, indent=1), "utf-8")
    draft.rename(root / f"{part}.json")
