"""One library with every bad input at once, and one daemon that must cope with all of it."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen.flac
import mutagen.oggopus
import pytest

from pacd.protocol.wire import escape
from tests.e2e.bad_input import (
    CASES,
    CORPUS,
    Case,
    Fate,
    computed_md5,
    good_master,
    in_words,
    may_make_devices,
    pictures_of,
    stated_md5,
    tags_of,
    without_rights,
)
from tests.e2e.order import (
    COMPRESSION,
    Seen,
    assert_no_leftovers,
    expected_samples,
    output_of,
    played_samples,
    tree,
)
from tests.e2e.running import Site, until
from tests.serving import ROOT

OUTCOMES = ROOT / "docs" / "outcomes.md"


@dataclass(frozen=True)
class Was:
    """What of a file must come through."""

    md5: str
    tags: set[bytes]
    pictures: list[bytes]


@dataclass(frozen=True)
class Ended:
    """What the library was, and what it and the daemon's answers are now."""

    site: Site
    before: dict[Path, Seen]
    after: dict[Path, Seen]
    was: dict[Path, Was]
    holds: dict[str, dict[str, Any]]
    whys: dict[str, Any]
    problems: list[dict[str, str]]
    events: list[dict[str, Any]]


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    """Make the library, let the daemon work until it is idle, and ask about every file."""
    base = tmp_path_factory.mktemp("bad")
    with tempfile.TemporaryDirectory(prefix="pacd-") as short:
        site = Site(base, Path(short) / "pacd.sock", under=without_rights())
        site.settings["watch"] = {"settle_s": 0.3}
        site.settings["audit"] = {"min_free_mib": 1}
        # Some of the testbench are hi-res, and some were MP3 once, as the detector finds: neither
        # is the question here.
        site.settings["flac"] = {"resample_to_cd": False}
        site.settings["authenticity"] = {"enabled": False}
        made = _fill(site)
        before = tree(site.library)
        maintained = [site.library / case.path for case in made if case.fate is Fate.MAINTAINED]
        was = {path: _was(path) for path in maintained}
        site.configure()
        with site.running() as daemon:
            until(lambda: site.status()["audit"]["last_finished"])
            site.pacctl("wait")
            yield Ended(
                site,
                before,
                tree(site.library),
                was,
                site.holds(),
                {case.path: site.why(site.library / case.path) for case in made},
                site.status()["problems"],
                daemon.events(),
            )
        (site.library / "rights" / "locked").chmod(0o755)


def _fill(site: Site) -> list[Case]:
    site.library.mkdir()
    good = good_master(site.base / "good.flac")
    made = [case for case in CASES if _makeable(case, site.base)]
    for case in made:
        path = site.library / case.path
        path.parent.mkdir(parents=True, exist_ok=True)
        case.make(path, good)
    return made


def _makeable(case: Case, folder: Path) -> bool:
    if case.corpus:
        return (CORPUS / case.corpus).is_file()
    return "device" not in case.what or may_make_devices(folder)


def _was(path: Path) -> Was:
    data = path.read_bytes()
    return Was(stated_md5(data) or computed_md5(path), tags_of(data), pictures_of(data))


def _of(fate: Fate) -> list[Any]:
    return [pytest.param(case, id=escape(case.path)[:60]) for case in CASES if case.fate is fate]


def _made(ended: Ended, case: Case) -> Path:
    """Where a case lies; skips it by name where it could not be made."""
    if case.path not in ended.whys:
        pytest.skip(f"{case.corpus or case.what} is not to be had here")
    return ended.site.library / case.path


def _output(ended: Ended, case: Case) -> Path:
    """Where its output belongs; M10 says where that is not where the master lies."""
    site = ended.site
    return site.mirror / case.output if case.output else output_of(site, site.library / case.path)


@pytest.mark.parametrize("case", _of(Fate.MAINTAINED))
def test_is_maintained(ended: Ended, case: Case) -> None:
    """F1-F5, M6, M7: its audio comes through proven equal, and no tag or picture is lost."""
    master = _made(ended, case)
    output = _output(ended, case)
    audio: Any = mutagen.flac.FLAC(master)
    opus: Any = mutagen.oggopus.OggOpus(output)
    was, data = ended.was[master], master.read_bytes()

    assert (was.md5, [was.md5]) == (stated_md5(data), opus["PAC_SRC_MD5"])
    assert (set(), was.pictures) == (was.tags - tags_of(data), pictures_of(data))
    subprocess.run(["flac", "--test", "--silent", "--warnings-as-errors", master], check=True)
    assert [8] == [
        int(tag.partition("level=")[2][0])
        for tag in audio["COMPRESSION"]
        if COMPRESSION.fullmatch(tag)
    ]
    assert abs(expected_samples(audio.info) - played_samples(output)) <= 1
    assert case.cause == "".join(hold["cause"] for hold in ended.whys[case.path]["holds"])
    assert ("held" if case.cause else "in-order") == ended.whys[case.path]["state"]
    told = ended.whys[case.path]["facts"]["outputs"]["phone"]
    assert (str(output.relative_to(ended.site.mirror)), bool(case.output)) == (
        told["path"],
        "renamed" in told,
    )


@pytest.mark.parametrize("case", _of(Fate.HELD))
def test_is_held(ended: Ended, case: Case) -> None:
    """P3, H1, M8: it stays as it is, no copy is made of it, and a person is told what to do."""
    master = _made(ended, case)
    hold = ended.holds[case.path]

    assert (case.cause, "error") == (hold["cause"], hold["severity"])
    assert case.says in hold["reason"]
    assert hold["advice"].endswith(".")
    assert "held" == ended.whys[case.path]["state"]
    assert ended.before[master] == ended.after[master]
    assert not os.path.lexists(_output(ended, case))


@pytest.mark.parametrize("case", _of(Fate.IGNORED))
def test_is_ignored(ended: Ended, case: Case) -> None:
    """W6, X2, w52, w58: it is never touched, and `pacctl why` says why not."""
    master = _made(ended, case)
    why = ended.whys[case.path]
    told = ended.site.pacctl("why", os.fsencode(master)).stdout

    assert ("folder" if master.is_dir() else "ignored") == why["state"]
    assert case.says in why["decision"]["reason"]
    assert case.says.split()[0] in told
    assert ended.before.get(master) == ended.after.get(master)
    assert not os.path.lexists(_output(ended, case))


def test_nothing_else_has_changed(ended: Ended) -> None:
    """L2, X2: no file came or went, in the library or where nothing belongs."""
    site = ended.site
    made = [case for case in CASES if case.fate is Fate.MAINTAINED and case.path in ended.whys]
    outputs = [_output(ended, case) for case in made]

    assert ended.before.keys() == ended.after.keys()
    assert sorted(outputs) == sorted(path for path in site.mirror.rglob("*") if path.is_file())
    assert {"good.flac", "library", "mirror", "art", "state", "pacd.toml", "pacd.log"} == {
        path.name for path in site.base.iterdir()
    }
    assert [] == [
        path for path in site.art.rglob("*") if "escape" in path.parts or path.is_symlink()
    ]
    assert_no_leftovers(site)


def test_replaced_names_are_told(ended: Ended) -> None:
    """M10, O1: each by the line of the log that says it was encoded, with the reason."""
    told = {
        event["path"]: event["reason"]
        for event in ended.events
        if event.get("action") == "mirror_encode" and " is named " in str(event["reason"])
    }
    expected = {case.path for case in CASES if case.output}

    assert {escape(path) for path in expected} == {escape(path) for path in told}
    assert "Windows takes it for a device" in told["names/aux.flac"]


def test_nothing_crashed(ended: Ended) -> None:
    """P5, L3: no worker died, no tool crashed, no fault of PAC's own; the daemon works on."""
    words = ("a fault in PAC", "a worker died", "was ended by SIG", "Traceback")
    faults = [
        event
        for event in ended.events
        if any(word in f"{event.get('message')} {event.get('exception')}" for word in words)
    ]

    assert [] == faults
    assert [] == [event for event in ended.events if event["event"].endswith("_interrupted")]
    assert "0" != str(ended.site.status()["counts"]["library"]["tested_ok"])


def test_the_unreadable_folder_is_named(ended: Ended) -> None:
    """L3, W3: what the walk could not look at is a problem with its fix, and the only one."""
    (problem,) = ended.problems

    assert "rights/locked could not be read: Permission denied" in problem["what"]
    assert "chmod" in problem["fix"]


def test_w53_every_hold_can_be_listed(ended: Ended) -> None:
    """H3, w53: the list of holds holds exactly those that are stated, in every form."""
    expected = {case.path for case in CASES if case.cause and case.path in ended.whys}

    assert expected == set(ended.holds)
    for form in ((), ("--plain",), ("--format", "md"), ("--format", "csv"), ("--format", "json")):
        told = ended.site.pacctl("holds", *form).stdout

        assert "\x1b" not in told
        assert "truncated.flac" in told


def test_the_page_of_outcomes_says_the_same(request: pytest.FixtureRequest) -> None:
    """Q2: docs/outcomes.md is the table that these tests are made of."""
    if request.config.getoption("--update-docs", default=False):
        OUTCOMES.write_text(in_words(), "utf-8")

    assert in_words() == OUTCOMES.read_text("utf-8")
