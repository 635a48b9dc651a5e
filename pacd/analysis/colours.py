"""Colour maps: the names are those of FFmpeg's showspectrumpic, so that both draw alike."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

LEVELS: Final = 256

# Colours at equal distances from the lowest level to the highest.  viridis, plasma, magma and
# cividis: every eighth of Matplotlib 3.10's tables (CC0); the others follow FFmpeg 5.1's
# avf_showspectrum.c by eye, for its tables are in YUV.
_STOPS: Final = {
    "cividis": "00224e 123570 3b496c 575d6d 707173 8a8678 a59c74 c3b369 e1cc55 fee838",
    "cool": "00ffff 1fe0ff 3fc0ff 5fa0ff 7f80ff 9f60ff bf40ff df20ff ff00ff",
    "fiery": "000000 1a0033 4d0066 990066 d92626 ff6600 ffb300 ffee66 ffffff",
    "fire": "000000 400000 800000 c00000 ff2000 ff7000 ffb000 ffe060 ffffff",
    "fruit": "000000 1c2c00 2f6b1e 4faa38 9ed44a e6e95a ffb45a ff6a78 ffd9ec",
    "green": "000000 002000 004000 006000 008000 00a000 20c820 80e880 ffffff",
    "intensity": "000000 100040 40008c 8c0080 c83030 f07000 ffb020 ffe890 ffffff",
    "magma": "000004 1d1147 51127c 832681 b73779 e75263 fc8961 fec488 fcfdbf",
    "moreland": "3b4cc0 6282ea 8db0fe b8d0f9 dddddd f5c4ad f49a7b de604d b40426",
    "nebulae": "000000 0b1038 1c2c78 4040a8 8040b0 c04890 e87080 ffb8a0 ffffff",
    "plasma": "0d0887 4c02a1 7e03a8 aa2395 cc4778 e66c5c f89540 fdc527 f0f921",
    "rainbow": "000000 20006c 0000ff 0080ff 00e0c0 20e020 e0e000 ff8000 ff0000 ffffff",
    "terrain": "1b1464 2060b0 20a0a0 208040 60a030 b0b050 a07040 c8b8a8 ffffff",
    "viridis": "440154 472d7b 3b528b 2c728e 21918c 28ae80 5ec962 addc30 fde725",
}
NAMES: Final = tuple(_STOPS)


def ramp(name: str) -> NDArray[np.uint8]:
    """
    The colours of a map, from the lowest level to the highest: (256, 3).

    Raises:
        KeyError: There is no map of that name.
    """
    stops = np.array([list(bytes.fromhex(colour)) for colour in _STOPS[name].split()], float)
    places = np.linspace(0, len(stops) - 1, LEVELS)
    parts = [np.interp(places, np.arange(len(stops)), stops[:, part]) for part in range(3)]
    return np.stack(parts, axis=1).round().astype(np.uint8)
