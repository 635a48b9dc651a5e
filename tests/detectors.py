"""
Executables in the place of auCDtect and LAC, which nobody may ship; they speak their exact texts.

Sources: facts on the tools, the strings of auCDtect 0.8 (Linux) and 0.8.2 (Windows), and of LAC
2.0.5.  Which recordings they suspect stands in a file beside them: the MD5s of the samples that
they are given, which are the audio MD5s of masters of 16 bits.
"""

from pathlib import Path
from typing import Final

RULE: Final = "-" * 60

AUCDTECT: Final = rf"""#!/bin/sh
say() {{ printf '%b\n' "$*"; }}
say 'auCDtect: CD records authenticity detector, version 0.8'
say 'Copyright (c) 2004 Oleg Berngardt. All rights reserved.'
say 'Copyright (c) 2004 Alexander Djourik. All rights reserved.'
if [ "$1" = -h ]; then
    say '{RULE}\nUsage:\tauCDtect [commands/options] (track.wav|*.wav)'
    exit 1
fi
case "$1" in -m[0-9]|-m[1-4][0-9]) ;; *) exit 9 ;; esac
[ -r "$2" ] || {{ say "error:\tcan\tnot\topen file $2"; exit 1; }}
say '{RULE}\nProcessing file:\t['"${{2##*/}}"']\n'
printf 'Data analysis:\t\t[50%%]\rData analysis:\t\t[100%%]\r' >&2
say '{RULE}'
if grep -qx "$(tail -c +45 "$2" | md5sum | cut -c-32)" "$0.suspects" 2> /dev/null; then
    say 'This track looks like MPEG with probability 99%'
else
    say 'This track looks like CDDA with probability 85%'
fi
"""

LAC: Final = r"""#!/bin/sh
printf 'Lossless Audio Checker 2.0.5\n'
printf 'Copyright (c) 2012-2016 Julien Lacroix & Yann Prime\n'
printf 'http://losslessaudiochecker.com\n'
[ $# = 1 ] || exit 0
for tenth in 1 2 3 4 5 6 7 8 9 10; do printf '====='; done
printf '\nFile:   %s\n' "${1##*/}"
if grep -qx "$(tail -c +45 "$1" | md5sum | cut -c-32)" "$0.suspects" 2> /dev/null; then
    printf 'Result: Transcoded\n'
    exit 20
fi
printf 'Result: Clean\n'
exit 19
"""


def put(folder: Path, name: str, script: str) -> Path:
    """Put a program into a folder, which may be on PATH."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / name
    place.write_text(script)
    place.chmod(0o755)
    return place


def put_aucdtect(folder: Path) -> Path:
    """Put auCDtect's stand-in into a folder."""
    return put(folder, "auCDtect", AUCDTECT)


def put_lac(folder: Path) -> Path:
    """Put LAC's stand-in into a folder."""
    return put(folder, "LAC", LAC)


def suspect(program: Path, *audio_md5s: str) -> None:
    """Have a stand-in suspect these recordings from now on, and no others."""
    place = program.with_name(f"{program.name}.suspects")
    place.write_text("".join(f"{md5}\n" for md5 in audio_md5s))
