"""The command line of pacd: what cannot be meant is refused before anything is read or begun."""

from pathlib import Path

import pytest

from pacd.__main__ import main


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--dry-run",), "--dry-run: only with --once"),
        (("--library", "music"), "--library: only with --once"),
        (("--library=",), "--library: only with --once"),
        (("--dry-run", "--library", "music"), "--dry-run: only with --once"),
        (("--check", "--dry-run"), "--dry-run: only with --once"),
        (("--check", "--library", "music"), "--library: only with --once"),
        (("--restore-backup", "--dry-run"), "--dry-run: only with --once"),
        (("--restore-backup", "--library", "music"), "--library: only with --once"),
        (("--once", "--check"), "not allowed with"),
        (("--once", "--restore-backup"), "not allowed with"),
        (("--check", "--restore-backup"), "not allowed with"),
        (("--restore-backup", ""), "an empty path"),
        (("--restore-backup=",), "an empty path"),
        (("--config", ""), "an empty path"),
        (("--config=",), "an empty path"),
        (("--dry",), "unrecognized arguments: --dry"),
        (("music",), "unrecognized arguments: music"),
    ],
)
def test_flags_that_cannot_be_meant_are_refused(
    argv: tuple[str, ...], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Requirements 1.1: who asked for a dry run never gets a daemon that rewrites files."""
    named = any(each.startswith("--config") for each in argv)
    config = () if named else ("--config", str(tmp_path / "none.toml"))
    with pytest.raises(SystemExit) as ended:
        main([*argv, *config])
    said = capsys.readouterr()

    assert (2, "") == (ended.value.code, said.out)
    assert words in said.err


@pytest.mark.parametrize("argv", [("--version",), ("--dry-run", "--version")])
def test_the_version_is_said_beside_whatever_else(
    argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """Requirements 1.1: `--version` begins nothing."""
    with pytest.raises(SystemExit) as ended:
        main([*argv])

    assert 0 == ended.value.code
    assert capsys.readouterr().out.startswith("pacd ")
