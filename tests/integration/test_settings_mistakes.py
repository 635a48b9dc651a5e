"""Configurations that are refused, and what is said of them."""

import tomllib
from pathlib import Path

import pytest

from tests.configurations import MUSIC, mistakes, write


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[watch]\nsettle = 3", "2: there is no key `settle` in [watch]; did you mean `settle_s`?"),
        ("[audti]\n", "1: there is no section [audti]; did you mean `audit`?"),
        ("settle_s = 3", "1: there is no section [settle_s]; `settle_s` belongs in [watch]."),
        (
            "[daemon]\nretention_days = 1",
            "2: there is no key `retention_days` in [daemon]; `retention_days` belongs in [rec",
        ),
        (
            MUSIC + 'nmae = "x"',
            "3: there is no key `nmae` in [[library]]; did you mean `name`?",
        ),
        (
            MUSIC + MUSIC.replace("music", "b") + '[[library.mirror]]\nroot = "/o"\ncodek = "opus"',
            "7: there is no key `codek` in [[library.mirror]]; did you mean `codec`?",
        ),
        (
            MUSIC + 'mirror = [{root = "/o", codek = "opus"}]',
            "3: there is no key `codek` in [[library.mirror]]; did you mean `codec`?",
        ),
        ("watch.settle = 3", "1: there is no key `settle` in [watch]; did you mean `settle_s`?"),
        ("DAEMON = 1", "1: there is no section [DAEMON]; the nearest there is: `"),
        ("_env_file = 1", "1: there is no section [_env_file]; the nearest there is: `"),
    ],
)
def test_w42_unknown_keys(tmp_path: Path, text: str, said: str) -> None:
    """1.1: w42: an unknown key, however deep, is named with file, line and its like."""
    path = write(tmp_path, text if "[[library]]" in text else f"{text}\n{MUSIC}")

    assert f"{path}:{said}" in mistakes(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[watch]\nmode = 'now'", "is 'now', but it should be 'auto', 'inotify' or 'poll'."),
        ("[watch]\nsettle_s = 0", "is 0, but it should be greater than 0."),
        ("[watch]\nsettle_s = 'soon'", "is 'soon', but it should be a number."),
        ("[watch]\nignore = 3", "is 3, but it should be a list."),
        ("[watch]\nignore = ['']", "is '', but it should not be empty."),
        ("[watch]\nsettle_s = 700", "in [watch], max_delay_s = 600 is shorter than"),
        ("[audit]\nverify_after_days = 0", "is 0, but it should be at least 1."),
        ("[audit]\nmin_free_mib = 1.5", "is 1.5, but it should be a whole number"),
        ("[flac]\ntarget_compression = 9", "is 9, but it should be at most 8."),
        ("[flac]\nkeep_mtime = 'maybe'", "is 'maybe', but it should be true or false."),
        ("[flac]\nhardlinks = 'keep'", "is 'keep', but it should be 'skip' or 'break'."),
        ("[authenticity]\ndetectors = ['x']", "it should be 'builtin', 'aucdtect' or 'lac'."),
        ("[spectrogram]\nresolution = 'big'", "as in 1280x720."),
        ("[spectrogram]\nresolution = '9000x10'", "should be longer than 4096 pixels."),
        ("[spectrogram]\ncolor = 'pink'", "a colour map: cividis, cool, fiery"),
        ("[artwork]\nroot = ''", "is '', but it should be the path of a folder or file."),
        ("[artwork]\nroot = '~nobody-at-all/x'", "but there is no user of that name."),
        ("[artwork]\npattern = '{genre}.jpg'", "{genre} is not one of {albumartist}"),
        ("[artwork]\npattern = 'front.jpg'", "it needs at least one of {albumartist}"),
        ("[artwork]\npattern = '{album}}.jpg'", "each in its two braces."),
        ("[artwork]\npattern = '../{album}.jpg'", "without . and .."),
        ("[artwork]\npattern = '/{album}.jpg'", "below the art root"),
        ("[workers]\ntotal = 0", "is 0, but it should be at least 1."),
        ("[workers]\ntotal = 2\nencode = 3", "`encode` in [workers] is 3, more than the 2 of"),
        ("watch = 3", "`watch` should be a section of its own, headed [watch]."),
        ("[[watch]]\nsettle_s = 3", "`watch` should be a section of its own, headed [watch]."),
    ],
)
def test_values_out_of_range(tmp_path: Path, text: str, said: str) -> None:
    """1.2: each refused value is shown with what would be right."""
    found = mistakes(write(tmp_path, f"{text}\n{MUSIC}"))

    assert said in found
    assert 1 == len(found.splitlines())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[library]]\nname = 'x'", ":1: `root` is missing in [[library]]."),
        ("[library]\nroot = '/srv/music'", "so its heading is [[library]]."),
        (MUSIC + "[library.mirror]\nroot = '/o'", "so its heading is [[library.mirror]]."),
        (MUSIC + "name = 'a/b'", "printable characters without a slash."),
        (MUSIC + "[[library.mirror]]\nroot = '/o'\ncodec = 'mp3'", "should be 'opus' or 'aac'."),
        (MUSIC + "[[library.mirror]]\nroot = '/o'\nbitrate_kbps = 5", "should be at least 6."),
        (MUSIC + "[[library.mirror]]\nroot = '/o'\nquality = 6", "should be at most 5."),
        (MUSIC + "[[library.mirror]]\nroot = '/o'\nsidecars = ['a/b']", "should be a file name"),
        (
            MUSIC + "[[library.mirror]]\nroot = '/o'\nsidecars = ['.OPUS']",
            "(.opus) are no sidecars",
        ),
        (MUSIC + MUSIC.replace("srv", "mnt"), "more than one library is called music; set `name`."),
        (
            MUSIC + 2 * "[[library.mirror]]\nroot = '/o'\n".replace("/o", "/o1"),
            "library music has more than one mirror called opus; set `name`.",
        ),
        ("[[library]]\nroot = '/'", "the library at / cannot be called like its folder"),
    ],
)
def test_libraries_that_are_wrong(tmp_path: Path, text: str, said: str) -> None:
    """1.2: roots, names and mirrors that cannot be are refused with the fix."""
    assert said in mistakes(write(tmp_path, text))


def test_no_library_shows_what_to_add(tmp_path: Path) -> None:
    """1.2: a file without a library gets the lines to paste."""
    said = mistakes(write(tmp_path, "[watch]\nsettle_s = 5\n"))

    assert "it names no library; add the folder of your music" in said
    assert "/srv/music" == tomllib.loads(said.partition("\n")[2])["library"][0]["root"]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """1.1: one look at the message suffices: the file's, the variables' and those between keys."""
    path = write(
        tmp_path,
        """
        [watch]
        settle = 3
        mode = "now"
        [artwork]
        root = "/srv/music/art"
        [[library]]
        root = "/srv/music"
        [[library]]
        name = "rootless"
    """,
    )
    first, *listed = mistakes(path, PACD_WATCH__MOOD="x", PACD_AUDIT__INTERVAL_HOURS="x").split(
        "\n"
    )

    assert "The configuration has 6 mistakes:" == first
    assert 6 == len(listed)
    assert all(line.startswith("  ") and line.endswith((".", "?")) for line in listed)
