"""Names for every file system: which are replaced, by what, and that no two are the same."""

import re
import sys
import unicodedata
from collections.abc import Collection, Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pacd.planning.names import (
    MAX_NAME_BYTES,
    alike,
    hashed,
    plain_name,
    renamed_folders,
    renamed_masters,
    shortened,
    shown,
)

HASH = r"~[0-9a-f]{8}"


def masters(*names: str, fat_safe: bool = True, extension: str = ".opus") -> dict[str, str]:
    """The outputs' names by master."""
    found = renamed_masters(names, extension, fat_safe=fat_safe)
    return {
        name: found[name].name if name in found else plain_name(name, extension) for name in names
    }


def folders(*names: str, beside: Collection[str] = (), fat_safe: bool = True) -> dict[str, str]:
    """The folders' names in the mirror by name."""
    found = renamed_folders(names, beside, ".opus", fat_safe=fat_safe)
    return {name: found[name].name if name in found else name for name in names}


@pytest.mark.parametrize(
    "name",
    [
        "01. a.b",
        "02 Ärger",
        "音" * 83 + "ab",
        "x" * 255,
        " leading",
        "concerto",
        "com",
        "com10",
        "auxiliary.1",
        "..and justice",
        "-rf --help",
        "'quoted' & $HOME; `x` #1 %20 ~",
        "Pink~Floyd",
        "PINKFLOYD~1",
        "x~a.b",
        "\U0001d11e clef",
        "zero\u200bwidth",
    ],
)
def test_what_every_file_system_holds_stays(name: str) -> None:
    """M1, M10: a name is changed for a reason only."""
    assert {name: name} == folders(name)
    assert {name: name} == folders(name, fat_safe=False)


@pytest.mark.parametrize(
    ("name", "pattern", "reason"),
    [
        ('AC/DC "live"? <1>: a|b*'.replace("/", "\\"), "AC_DC _live__ _1__ a_b_", "characters"),
        ("new\nline\x7f\x9b", "new_line__", "characters"),
        ("caf\udce9", "caf_", "characters"),
        ("Vol. 1.", r"Vol\. 1\.", "dots and spaces"),
        ("Vol ", "Vol ", "dots and spaces"),
        ("...", r"\.\.\.", "dots and spaces"),
        ("CON", "_CON", "device"),
        ("aux", "_aux", "device"),
        ("nul.tar.gz", r"_nul\.tar\.gz", "device"),
        ("NUL  .txt", r"_NUL  \.txt", "device"),
        ("Com1", "_Com1", "device"),
        ("LPT³.x", r"_LPT³\.x", "device"),
        ("conout$", r"_conout\$", "device"),
        ("con.?", r"_con\._", "characters"),
        ("PINKFL~1", "PINKFL~1", "FAT may find"),
        ("x~12.m4a", r"x~12\.m4a", "FAT may find"),
        (".pacd-1-00000000", r"_\.pacd-1-00000000", "temporaries"),
        (".PACD-x", r"_\.PACD-x", "temporaries"),
        ("y" * 256, "y" * 246, "longer than 255 bytes"),
        ("音" * 86, "音" * 82, "longer than 255 bytes"),
    ],
)
def test_what_some_file_system_refuses_is_replaced(name: str, pattern: str, reason: str) -> None:
    """M10: by something readable with a hash of the name, and with a reason."""
    (renamed,) = renamed_folders([name], [], ".opus", fat_safe=True).values()

    assert re.fullmatch(pattern + HASH, renamed.name)
    assert reason in renamed.reason


def test_the_hash_is_the_same_for_ever() -> None:
    """M10: the same names on every run, of every version."""
    assert {"a:b.flac": "a_b~7606213e.opus"} == masters("a:b.flac")


@pytest.mark.parametrize("name", ["a:b", "CON", "trailing.", "caf\udce9", "new\nline", "X~1"])
def test_a_mirror_for_linux_alone_keeps_all_names(name: str) -> None:
    """M10: `fat_safe = false` leaves names as the bytes they are."""
    assert {name: name} == folders(name, fat_safe=False)
    assert {f"{name}.flac": f"{name}.opus"} == masters(f"{name}.flac", fat_safe=False)


def test_w53_a_long_name_that_is_not_utf8_is_cut_all_the_same() -> None:
    """M10, w53: names are bytes on Linux, 255 of them."""
    name = "\udcff" * 251 + ".flac"
    (new,) = masters(name, fat_safe=False).values()

    assert re.fullmatch("\udcff{241}" + HASH + r"\.opus", new)


@pytest.mark.parametrize(
    "names",
    [
        ("A.flac", "a.flac"),
        ("a.FLAC", "a.flac"),
        ("Stra\u00dfe.flac", "strasse.flac"),
        ("caf\u00e9.flac", "cafe\u0301.flac"),
        ("\u212bngstr\u00f6m.flac", "\u00e5ngstro\u0308m.flac"),
        ("\u03a3.flac", "\u03c2.flac"),
        ("I.flac", "\u0131.flac"),
        ("\u1fb3.flac", "\u0391\u0345.flac"),
    ],
)
def test_of_names_that_are_alike_the_first_stays(names: tuple[str, str]) -> None:
    """M10: the first by its bytes, whatever the order they came in; the reason names it."""
    first, second = sorted(names, key=str.encode)
    found = masters(*names)

    assert found == masters(*reversed(names))
    assert plain_name(first, ".opus") == found[first]
    assert re.fullmatch(re.escape(second[:-5]) + HASH + r"\.opus", found[second])
    assert first in renamed_masters(names, ".opus", fat_safe=True)[second].reason


def test_only_equal_names_collide_where_the_mirror_is_for_linux() -> None:
    """M10: a.flac and a.FLAC are one name with another extension."""
    found = masters("A.flac", "a.FLAC", "a.flac", fat_safe=False)

    assert ["A.opus", "a.opus"] == [found["A.flac"], found["a.FLAC"]]
    assert re.fullmatch("a" + HASH + r"\.opus", found["a.flac"])


def test_an_output_and_a_folder_of_one_name() -> None:
    """M10: the folder gives way, so that a folder's arrival never renames outputs."""
    found = folders("A.OPUS", "b", beside=["a.flac"])

    assert "b" == found["b"]
    assert re.fullmatch(r"A\.OPUS" + HASH, found["A.OPUS"])


def test_a_name_made_up_to_look_replaced() -> None:
    """M10: even so no two are the same, and who bears a fine name keeps it."""
    (taken,) = masters("a:.flac").values()
    intruder = taken.replace(".opus", ".flac")
    found = masters("a:.flac", intruder)

    assert taken == found[intruder]
    assert re.fullmatch("a_" + HASH + r"\.opus", found["a:.flac"])
    assert taken != found["a:.flac"]


def test_likeness_takes_in_every_way_to_fold_case() -> None:
    """M10: upper, lower and folded case, composed and decomposed, of every character."""
    unlike = [
        code
        for code in range(sys.maxunicode + 1)
        for char in [chr(code)]
        for same in (
            char.upper() if len(char.upper()) == 1 else char,
            char.casefold(),
            unicodedata.normalize("NFC", char),
            unicodedata.normalize("NFD", char),
        )
        if alike(char) != alike(same)
    ]

    assert [] == unlike


_HARD = [
    *'aAbBsß\u017fKk\u212aéÉ\u0131Ii .~:?"<|*\\\n1',
    "\u0301",
    "\udcff",
    "音",
    "\U0001d11e",
    "¹",
]
_PIECES = [*_HARD, "con", "LPT", "nul", ".pacd-", ".flac", ".opus", "ä" * 100, "x" * 120]
names = (
    st.lists(st.sampled_from(_PIECES), min_size=1, max_size=5)
    .map("".join)
    .filter(lambda name: name not in {".", ".."})
)
suffixed = st.builds("".join, st.tuples(names, st.sampled_from([".flac", ".FLAC"])))


@given(st.sets(suffixed, max_size=8), st.sets(names, max_size=8), st.booleans(), st.randoms())
@example({"a:.flac"}, {"a_~57c6f201.opus"}, True, None)
def test_no_two_children_share_a_name(
    files: set[str],
    below: set[str],
    fat_safe: bool,
    shuffled: "object",  # hypothesis
) -> None:
    """M10: different to every file system, legal, within limits, and the same in any order."""
    found = _children(files, below - files, fat_safe=fat_safe)
    new = list(found.values())
    key = _folded if fat_safe else str

    assert len(new) == len({key(name) for name in new})
    assert all(_is_legal(name, fat_safe=fat_safe) for name in new)
    mixed = [list(files), list(below - files)]
    if shuffled is not None:
        for each in mixed:
            shuffled.shuffle(each)  # type: ignore[attr-defined]  # a random.Random
    assert found == _children(*mixed, fat_safe=fat_safe)


@given(st.sets(names, max_size=8), st.booleans())
def test_names_that_are_fine_stay(below: set[str], fat_safe: bool) -> None:  # hypothesis
    """M10: naming what has been named changes nothing."""
    new = list(folders(*below, fat_safe=fat_safe).values())

    assert {name: name for name in new} == folders(*new, fat_safe=fat_safe)


@given(names)
def test_alone_a_name_is_replaced_as_in_company(name: str) -> None:
    """M10: what is wrong with a name itself leads to the same outcome beside any siblings."""
    alone = folders(name)
    if alone[name] != name:
        assert alone[name] == folders(name, "plain", "another", "CON")[name]


@given(names, st.integers(20, 300))
def test_nothing_is_cut_in_the_middle_of_a_character(name: str, limit: int) -> None:
    """M10, F7: what is left of a name that is too long is the beginning of it."""
    cut = shortened(name, limit)
    size = len(name.encode("utf-8", "surrogateescape"))

    assert len(cut.encode("utf-8", "surrogateescape")) <= limit
    assert (cut == name) == (size <= limit) or cut == hashed(name, b"", limit)
    assert cut == name or name.startswith(cut[:-9])


def test_an_empty_folder_needs_no_names() -> None:
    """M10: most folders hold either folders or masters."""
    assert {} == masters()
    assert {} == folders(beside=["a:b.flac"])


def test_w53_names_are_shown_as_text() -> None:
    """w53: bytes that are not UTF-8 are spelt out."""
    assert "caf\\xe9" == shown("caf\udce9")


def _children(
    files: Collection[str], below: Collection[str], *, fat_safe: bool
) -> Mapping[str, str]:
    return {
        **masters(*files, fat_safe=fat_safe),
        **folders(*below, beside=files, fat_safe=fat_safe),
    }


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def _is_legal(name: str, *, fat_safe: bool) -> bool:
    """Written anew from Microsoft's page, not taken from the code."""
    size = len(name.encode("utf-8", "surrogateescape"))
    if not 0 < size <= MAX_NAME_BYTES or name.lower().startswith(".pacd-"):
        return False
    if not fat_safe:
        return True
    base = name.partition(".")[0].rstrip(" ").upper()
    ports = {f"{port}{digit}" for port in ("COM", "LPT") for digit in "123456789¹²³"}
    return (
        not set(name) & set('<>:"/\\|?*')
        and all(unicodedata.category(char) not in {"Cc", "Cs"} for char in name)
        and name[-1] not in ". "
        and base not in {"CON", "PRN", "AUX", "NUL", *ports}
        and len(name.encode("utf-16-le")) <= 2 * 255
    )
