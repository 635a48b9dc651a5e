"""What docs/guide.md says of tags is what the mapping does."""

from pathlib import Path

import pytest

from pacd.files.m4a_tags import ATOMS
from tests.unit.files.tag_table import BEGIN, END, in_words

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guide.md"


def test_the_guide_says_what_becomes_of_each_tag(request: pytest.FixtureRequest) -> None:
    """M6, Q2: its table is made from the mapping, and written anew with --update-docs."""
    text = GUIDE.read_text("utf-8")
    before, found, rest = text.partition(BEGIN)
    stands, ends, after = rest.partition(END)
    assert found
    assert ends
    if request.config.getoption("--update-docs"):
        GUIDE.write_text(f"{before}{BEGIN}\n{in_words()}\n{END}{after}", "utf-8")
        stands = f"\n{in_words()}\n"

    assert f"\n{in_words()}\n" == stands


def test_no_tag_is_left_out_of_the_table() -> None:
    """M6: every comment that has an atom of its own has its row."""
    words = in_words()

    assert [] == [key for key in ATOMS if f"`{key}" not in words]
