"""The list of holds to keep."""

import csv
from dataclasses import replace

import pytest

from pacctl.export import comma_separated, markdown
from tests.fakes import CORRUPT, UNSTABLE


def test_csv_has_every_field_on_one_line() -> None:
    """H3: path, md5, reason, tool output and spectrogram, for a spreadsheet."""
    hold = replace(CORRUPT, spectrogram="/var/lib/pacd/a b.png", path='a,"b"\n.flac')

    lines = list(comma_separated([hold, UNSTABLE]))
    rows = list(csv.DictReader(lines))

    assert 3 == len(lines)
    assert ("7", 'a,"b"\\n.flac', CORRUPT.md5, CORRUPT.reason, hold.spectrogram) == tuple(
        rows[0][name] for name in ("id", "path", "md5", "reason", "spectrogram")
    )
    assert "ERROR while decoding data\\n    state" in rows[0]["tool_output"]


@pytest.mark.parametrize(
    "name", ["=cmd|'/C calc'!A0", "+1", "-2+3", "@SUM(1)", " =1", "\uff1d1", "=HYPERLINK(A1)"]
)
def test_w49_a_name_is_no_formula(name: str) -> None:
    """w49: a file of a spreadsheet's that came by download does nothing when it is opened."""
    lines = comma_separated([replace(CORRUPT, path=name, reason=name, evidence={"words": name})])
    (row,) = csv.DictReader(lines)

    assert ["'" + name] * 3 == [row[each] for each in ("path", "reason", "tool_output")]
    assert "7" == row["id"]


def test_markdown_says_it_all() -> None:
    """H3: path, md5, reason, tool output and a link to the spectrogram."""
    text = "\n".join(markdown([replace(CORRUPT, spectrogram="/a b\udcff.png")]))

    assert "# Holds (1)\n\n## error: 坂本龍一/千のナイフ/01 Thousand Knives.flac\n" in text
    assert f"- md5: {CORRUPT.md5}\n- reason: {CORRUPT.reason}\n" in text
    assert "- spectrogram: [/a b\\\\xff.png](file:///a%20b%FF.png)\n" in text
    assert "\n      01 Thousand Knives.flac: ERROR while decoding data\n" in text


def test_markdown_in_names_stays_text() -> None:
    """w49: a file name is no markup and no link."""
    text = "\n".join(markdown([replace(UNSTABLE, path="`x` [a](http://b) <i> *c* www.d.e @f")]))

    assert r"## notice: \`x\` \[a\](http\://b) \<i\> \*c\* www\.d.e \@f" in text
