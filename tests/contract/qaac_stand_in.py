"""
An executable in the place of qaac, which needs Apple's library and Windows or Wine.

It speaks the command line of qaac 2.83 as far as PAC uses it (qaac wiki, "Command line
options"; --check: nu774/qaac issue 105), refuses the rest, and encodes with fdkaac.
"""

from pathlib import Path
from typing import Final

VERSION: Final = "2.83 (CoreAudioToolbox 7.10.9.0)"

_SCRIPT: Final = """#!/bin/sh
if [ "$*" = --check ]; then
    echo "qaac 2.83, CoreAudioToolbox 7.10.9.0" >&2
    echo "libsoxconvolver 0.1.0" >&2
    exit 0
fi
rate= mode= target= gapless=0 length= padding=smart
while [ $# -gt 0 ]; do
    case "$1" in
        --tvbr) mode=$(($2 / 22 + 1)); shift ;;
        -q) [ "$2" -le 2 ] || exit 2; shift ;;
        -s) ;;
        --ignorelength) length=-I ;;
        --no-smart-padding) padding= ;;
        --gapless-mode) gapless=$2; shift ;;
        --rate) rate=$2; shift ;;
        -o) target=$2; shift ;;
        -) ;;
        *) echo "ERROR: unknown option $1" >&2; exit 2 ;;
    esac
    shift
done
[ -z "$padding" ] || { echo "ERROR: smart padding is not spoken here" >&2; exit 2; }
encode() { exec fdkaac -S -m "$mode" -G "$gapless" $length -o "$target" -; }
[ -n "$rate" ] || encode
ffmpeg -v error -f wav -i - -af "aresample=$rate:resampler=soxr" -c:a pcm_s16le -f wav - | encode
"""


def put_qaac(folder: Path) -> None:
    """Put it into a folder that is to be first on PATH."""
    place = folder / "qaac"
    place.write_text(_SCRIPT)
    place.chmod(0o755)
