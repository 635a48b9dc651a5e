"""Judging masters with a real engine: what is decoded how often, and what is left behind."""

import os
import shutil
import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pacd.domain.hold import Cause
from pacd.domain.plan import Action
from pacd.domain.policy import AuthenticityPolicy, SpectrogramPolicy
from pacd.domain.verdict import BUILTIN_VERSION, Authenticity, Detector
from pacd.engine.engine import Engine
from pacd.engine.sweeping import own_folders, target_root
from pacd.tools.lac import Lac
from tests.audio import stated_md5
from tests.builders import item
from tests.detectors import put_lac, suspect
from tests.integration.engine.site import Site, master

BUILTIN = (Detector.BUILTIN, BUILTIN_VERSION)
LAC = (Detector.LAC, "2.0.5")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A library whose masters are judged by the builtin detector."""
    made = Site.make(tmp_path)
    wish(made)
    return made


def wish(site: Site, **more: Any) -> None:
    """Change the wishes for authenticity."""
    site.wish(authenticity=AuthenticityPolicy(scratch=site.base / "state" / "scratch", **more))


def with_lac(site: Site) -> Path:
    """Have a stand-in of LAC judge too."""
    program = put_lac(site.base / "programs")
    site.tools = replace(site.tools, lac=Lac(program, "2.0.5"))
    wish(site, versions=(BUILTIN, LAC))
    return program


def stands(site: Site, path: str) -> Authenticity | None:
    """What is on record of a file."""
    known = site.known(path)
    assert known is not None
    return known.authenticity


def test_one_decode_tests_and_judges(site: Site) -> None:
    """A2: no second decode, no second job; the second run has nothing to do."""
    site.album("A")
    calls = site.base / "calls"
    site.use(f'echo "$1" >> {calls}\nexec "$FLAC" "$@"')
    ran = site.run()

    assert {"test": 2, "recompress": 2} == ran.actions
    assert 2 == calls.read_text().split().count("--decode")
    assert "--test" not in calls.read_text()
    assert 2 == ran.counts["auth_inconclusive"]
    assert Authenticity.INCONCLUSIVE == stands(site, "A/01.flac")
    assert Counter() == site.run().actions


def test_known_audio_is_only_tested(site: Site) -> None:
    """A6: a copy in another folder is tested, and known by its MD5."""
    site.album("A", 1)
    site.run()
    shutil.copytree(site.library / "A", site.library / "B")
    calls = site.base / "calls"
    site.use(f'echo "$1" >> {calls}\nexec "$FLAC" "$@"')
    ran = site.run()

    assert {"test": 1} == ran.actions
    assert ["--test"] == calls.read_text().split()
    assert Authenticity.INCONCLUSIVE == stands(site, "B/01.flac")


def test_w09_a_verdict_is_found_again(site: Site) -> None:
    """w09, A6: of audio that was removed and is copied back it is known by its MD5."""
    album = site.album("A", 1)
    site.run()
    kept = (album / "01.flac").read_bytes()
    (album / "01.flac").unlink()
    site.run()
    (album / "01.flac").write_bytes(kept)

    assert {"test": 1} == site.run().actions
    assert Authenticity.INCONCLUSIVE == stands(site, "A/01.flac")


def test_what_was_tested_before_is_judged(site: Site) -> None:
    """A6: switched on later, every recording is judged once; switched off, nothing stands."""
    site.wish(authenticity=AuthenticityPolicy(enabled=False))
    site.album("A")
    site.run()

    assert stands(site, "A/01.flac") is None
    wish(site)
    ran = site.run()

    assert {"authenticate": 2} == ran.actions
    assert Authenticity.INCONCLUSIVE == stands(site, "A/02.flac")
    site.wish(authenticity=AuthenticityPolicy(enabled=False))

    assert Counter() == site.run().actions
    assert stands(site, "A/01.flac") is None


def test_a_rewrite_keeps_the_verdict(site: Site) -> None:
    """A6: the audio is the same."""
    program = with_lac(site)
    bad = master(site.library / "bad.flac")
    suspect(program, stated_md5(bad))
    site.run()
    (hold,) = site.holds()

    assert Cause.SUSPECT == hold.cause
    library = site.policy.libraries[0]
    site.wish(authenticity=replace(library.authenticity, detectors=(Detector.BUILTIN,)))
    ran = site.run()

    assert {"recompress": 1} == ran.actions
    assert ([], Authenticity.INCONCLUSIVE) == (site.holds(), stands(site, "bad.flac"))
    site.wish(authenticity=library.authenticity)

    assert Counter() == site.run().actions
    assert ([Cause.SUSPECT], Authenticity.SUSPECT) == (
        [each.cause for each in site.holds()],
        stands(site, "bad.flac"),
    )


@pytest.mark.parametrize("drawn", [False, True], ids=["nothing to draw", "no suspect drawn yet"])
def test_a_worker_killed_while_a_program_listens(site: Site, drawn: bool) -> None:
    """w25, A1, A5: its samples are swept, the program is gone, and it is simply asked again."""
    program = with_lac(site)
    if drawn:
        pictures = SpectrogramPolicy(site.base / "pictures")
        wish(site, versions=(BUILTIN, LAC), spectrogram=pictures)
    script = program.read_text()
    program.write_text(script.replace("#!/bin/sh", f"#!/bin/sh\n{_WAITING}", 1))
    flag, pid = site.base / "programs" / "wait", site.base / "programs" / "pid"
    flag.touch()
    master(site.library / "a.flac")
    killed: list[int] = []

    def kill(engine: Engine) -> bool:
        engine.inbox.post(lambda: None)  # it would sleep while the program does
        if not killed and pid.exists() and engine.pool.running():
            flag.unlink()
            killed.append(next(iter(engine.pool.running().values()))[0])
            os.kill(killed[0], signal.SIGKILL)
        return engine.idle

    ran = site.run(until=kill)

    assert 2 == ran.actions["authenticate"]
    assert [] == [*(site.base / "state" / "scratch").iterdir()]
    assert ([], 1) == (site.holds(), ran.counts["auth_ok"])
    assert not Path(f"/proc/{pid.read_text().strip()}/exe").exists()


_WAITING = """
here=${0%/*}
if [ -e "$here/wait" ]; then
    echo $$ > "$here/pid.new"
    mv "$here/pid.new" "$here/pid"
    exec sleep 600
fi
"""


def test_where_a_full_disk_keeps_detectors_from_being_asked(site: Site) -> None:
    """P5: programs need room for samples on the disk of the state directory; ours needs none."""
    work = item(Action.AUTHENTICATE)

    assert target_root(work, site.policy.libraries[0]) is None
    assert () == own_folders(site.policy.libraries[0])
    with_lac(site)
    library = site.policy.libraries[0]

    assert site.base / "state" == target_root(work, library)
    assert (site.base / "state" / "scratch",) == own_folders(library)
    site.policy = replace(site.policy, min_free_bytes=1 << 62)
    master(site.library / "a.flac")
    ran = site.run(until=lambda engine: engine.idle or engine.stalled)

    assert {"test": 1} == ran.actions
