"""The life of a suspect with the daemon running: held with its evidence, until somebody knows."""

import json
import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image

from tests.audio import dress, encode_pcm, pcm, stated_md5, write_flac
from tests.detectors import put, put_aucdtect, put_lac, suspect
from tests.e2e.albums import make_album
from tests.e2e.order import (
    assert_in_order,
    assert_master_in_order,
    assert_tested,
    await_outputs,
    output_of,
)
from tests.e2e.running import Site, until

ALBUM = Path("Artist") / "Album"


@pytest.fixture
def programs(site: Site) -> Path:
    """A folder first on the daemons' PATH, with a stand-in of auCDtect; suspects are drawn."""
    put_aucdtect(site.base / "programs")
    site.settings["authenticity"] = {"enabled": True, "detectors": ["builtin", "aucdtect", "lac"]}
    site.settings["spectrogram"] = {"enabled": True, "resolution": "400x300"}
    site.configure()
    return site.base / "programs"


def path_with(programs: Path) -> str:
    """A PATH on which these programs come first."""
    return f"{programs}:{os.environ['PATH']}"


def the_hold(site: Site) -> dict[str, Any]:
    """The only hold, once all is at rest."""
    until(site.holds, what="for a hold")
    site.pacctl("wait")
    (hold,) = site.got("holds")["holds"]
    assert isinstance(hold, dict)
    return hold


def test_a_suspect_is_held_shown_and_accepted(site: Site, programs: Path) -> None:
    """A4, A5, P3, H2: evidence and picture; nothing is made of it before somebody accepts it."""
    good, bad = make_album(site.library / ALBUM)
    before, md5 = bad.read_bytes(), stated_md5(bad)
    suspect(programs / "auCDtect", md5)
    with site.running(PATH=path_with(programs)) as daemon:
        hold = the_hold(site)

        assert ("suspect", "suspect", "", md5) == (
            hold["cause"],
            hold["severity"],
            hold["mirror"],
            hold["md5"],
        )
        assert "auCDtect: it looks like MPEG with a probability of 99 %" in hold["reason"]
        assert {"class": "MPEG", "score": 99} == hold["evidence"]["numbers"]["aucdtect"]
        assert "This track looks like MPEG with probability 99%" in hold["evidence"]["words"]
        assert before == bad.read_bytes()
        assert not output_of(site, bad).exists()
        assert_tested(site, bad)
        assert_in_order(site, but=[bad])
        picture = Path(hold["spectrogram"])

        assert picture.is_relative_to(site.state / "spectrograms" / "Artist" / "Album")
        with Image.open(picture) as drawn:
            assert ("PNG", (400, 300)) == (drawn.format, drawn.size)
        assert_told(site, hold, picture)
        (event,) = daemon.events("auth_suspect")

        assert ("flac_auth", "suspect") == (event["action"], event["status"])
        site.pacctl("release", str(hold["id"]), "--accept")
        await_outputs(site)

        assert {} == site.holds()
        assert_in_order(site)
        assert md5 == stated_md5(bad)
        assert 0 == daemon.stop()
    actions = [line["action"] for line in daemon.events("auth_ok", "auth_suspect", "auth_skip")]

    assert ["flac_auth"] * 2 == actions
    with site.running(PATH=path_with(programs)) as daemon:
        site.pacctl("scan", "--wait")

        assert {} == site.holds()
        assert [] == daemon.events("flac_test_ok", "auth_ok", "auth_suspect", "recompress_ok")
        assert good.exists()


def assert_told(site: Site, hold: dict[str, Any], picture: Path) -> None:
    """What people see of it, and the lists they keep."""
    shown = site.pacctl("holds", "show", str(hold["id"])).stdout
    flat = "".join(shown.split())

    assert "suspect: suspect" in shown
    assert "Replaceitwithagenuinecopy" in flat
    assert "".join(str(picture).split()) in flat
    assert "thetoolsaid" in flat
    exported = {
        form: site.pacctl("holds", "--format", form).stdout for form in ("md", "csv", "json")
    }

    assert f"(file://{quote(str(picture))})" in exported["md"]
    assert str(picture) in exported["csv"]
    assert str(picture) == json.loads(exported["json"])["holds"][0]["spectrogram"]
    counts = site.status()["counts"]["library"]

    assert (1, 0, 0) == (counts["auth_suspect"], counts["auth_skipped"], counts["auth_ok"] - 1)
    assert 1 == site.status()["holds"]["suspect"]
    assert 4 == site.pacctl("status", "--check", check=False).returncode
    why = site.why(site.library / hold["path"])

    assert ("held", "suspect") == (why["state"], why["facts"]["authenticity"]["status"])
    assert ["builtin", "aucdtect"] == [
        each["detector"] for each in why["facts"]["authenticity"]["findings"]
    ]
    assert [("auth_suspect", "suspect")] == [
        (each["action"], each["status"])
        for each in why["history"]
        if each["action"].startswith("auth")
    ]


def test_a_genuine_copy_ends_the_hold(site: Site, programs: Path) -> None:
    """H2, A6: other audio is judged for itself; the hold ends without a word."""
    _good, bad = make_album(site.library / ALBUM)
    suspect(programs / "auCDtect", stated_md5(bad))
    (genuine,) = make_album(site.base / "shop" / "Album", tracks=1, seed=7)
    with site.running(PATH=path_with(programs)) as daemon:
        the_hold(site)
        genuine.rename(bad)
        await_outputs(site)

        assert {} == site.holds()
        assert_in_order(site)
        assert ["suspect: replaced"] == [event["message"] for event in daemon.events("hold_ended")]


def test_a_move_or_a_new_tag_repeats_nothing(site: Site, programs: Path) -> None:
    """A6, L6: the verdict is the recording's: known elsewhere, under other tags, as a copy."""
    (bad,) = make_album(site.library / ALBUM, tracks=1)
    suspect(programs / "auCDtect", stated_md5(bad))
    counting = programs / "auCDtect"
    counting.write_text(
        counting.read_text().replace("case", f"echo x >> {site.base}/asked; case", 1)
    )
    with site.running(PATH=path_with(programs)):
        the_hold(site)
        dress(bad, {"TITLE": "Another"}, [])
        until(lambda: site.why(bad)["facts"].get("tags", {}).get("TITLE") == ["Another"])
        there = bad.rename(bad.with_name("moved.flac"))
        until(lambda: [f"{ALBUM}/moved.flac"] == list(site.holds()))
        shutil.copyfile(there, site.library / "copy.flac")
        until(lambda: len(site.holds()) == 2)
        site.pacctl("wait")

        assert {"suspect"} == {each["cause"] for each in site.holds().values()}
        assert ["x"] == (site.base / "asked").read_text().split()
        assert 2 == site.status()["counts"]["library"]["auth_suspect"]
        first = min(site.holds().values(), key=lambda each: str(each["id"]))
        site.pacctl("release", str(first["id"]), "--accept")
        await_outputs(site)

        assert {} == site.holds()
        assert_in_order(site)


def test_release_asks_all_detectors_anew(site: Site, programs: Path) -> None:
    """H2: released without being accepted it is judged anew, and held again or not."""
    (bad,) = make_album(site.library / ALBUM, tracks=1)
    suspect(programs / "auCDtect", stated_md5(bad))
    with site.running(PATH=path_with(programs)):
        first = the_hold(site)
        site.pacctl("release", str(first["id"]))
        until(lambda: [each["id"] > first["id"] for each in site.holds().values()] == [True])
        again = the_hold(site)
        suspect(programs / "auCDtect")
        site.pacctl("release", str(again["id"]))
        await_outputs(site)

        assert {} == site.holds()
        assert_in_order(site)


def test_a_new_detector_judges_what_is_there(site: Site, programs: Path) -> None:
    """A6: installed later, it hears every recording once, and only it; absent is no fault."""
    good, bad = make_album(site.library / ALBUM)
    with site.running(PATH=path_with(programs)) as daemon:
        await_outputs(site)
        checks = {each["name"]: each for each in site.got("doctor")["checks"]}

        assert ("ok", "version 0.8") == tuple(
            checks["detector aucdtect"][key] for key in ("verdict", "found")
        )
        assert "not found; optional" in checks["detector lac"]["found"]
        assert 0 == daemon.stop()
    lac = put_lac(programs)
    lac.write_text(lac.read_text().replace("for tenth", f"echo x >> {site.base}/asked; for tenth"))
    suspect(lac, stated_md5(bad))
    with site.running(PATH=path_with(programs)) as daemon:
        site.pacctl("scan", "--wait")
        hold = the_hold(site)

        assert f"{ALBUM}/{bad.name}" == hold["path"]
        assert "LAC: found it transcoded from a lossy format" == hold["reason"]
        assert output_of(site, bad).exists()
        assert [] == daemon.events("flac_test_ok")
        assert 2 == (site.base / "asked").read_text().count("x")
        assert_master_in_order(site, good)


def test_a_detector_that_fails_holds_for_an_error(site: Site, programs: Path) -> None:
    """A1, H1: unknown text is an error, never ok; without that detector all goes on."""
    put(programs, "LAC", "#!/bin/sh\necho 'Result: I would rather not say'\n")
    make_album(site.library / ALBUM, tracks=1)
    with site.running(PATH=path_with(programs)):
        hold = the_hold(site)

        assert ("auth-error", "error") == (hold["cause"], hold["severity"])
        assert "LAC: failed: I would rather not say" == hold["reason"]
        site.change("authenticity", detectors=["builtin", "aucdtect"])
        site.pacctl("reload")
        site.pacctl("scan", "--wait")
        await_outputs(site)

        assert {} == site.holds()
        assert_in_order(site)


@pytest.mark.parametrize("setting", [{"stop_on": "never"}, {"continue_on_issues": True}])
def test_suspects_may_be_only_reported(site: Site, programs: Path, setting: dict[str, Any]) -> None:
    """P3: with stop_on = never or continue_on_issues everything is done all the same."""
    site.change("flac", **setting)
    _good, bad = make_album(site.library / ALBUM)
    suspect(programs / "auCDtect", stated_md5(bad))
    with site.running(PATH=path_with(programs)):
        await_outputs(site)

        assert "suspect" == the_hold(site)["cause"]
        assert 1 == site.status()["counts"]["library"]["auth_suspect"]
        assert_in_order(site)


@pytest.mark.parametrize(("stop_on", "covers"), [("error", True), ("suspect", False)])
def test_covers_of_suspects(site: Site, programs: Path, stop_on: str, *, covers: bool) -> None:
    """P3: with stop_on = suspect not even the cover is exported."""
    site.change("flac", stop_on=stop_on)
    (bad,) = make_album(site.library / ALBUM, tracks=1)
    suspect(programs / "auCDtect", stated_md5(bad))
    with site.running(PATH=path_with(programs)):
        the_hold(site)

        assert covers == (site.art / ALBUM / "front.png").exists()


def test_what_is_not_examined_says_why(site: Site, programs: Path) -> None:
    """A3: high resolution, and tags that say so; then the owner's wish to have it examined."""
    site.change("flac", resample_to_cd=False)
    tagged, upscaled = make_album(site.library / ALBUM)
    dress(tagged, {"SOURCE": "WEB"}, [])
    low = pcm(1.0, bits=16)
    raw = b"".join(b"\0" + low[at : at + 2] for at in range(0, len(low), 2))
    encode_pcm(upscaled, raw, bits=24)
    with site.running(PATH=path_with(programs)) as daemon:
        await_outputs(site)

        assert {} == site.holds()
        assert {"not examined: its tags say SOURCE=WEB", "not examined: it has 24 bits"} == {
            event["message"] for event in daemon.events("auth_skip")
        }
        assert 2 == site.status()["counts"]["library"]["auth_skipped"]
        assert "not examined: it has 24 bits" in site.why(upscaled)["decision"]["reason"]
        site.change("authenticity", skip_highbit=False)
        site.pacctl("reload")
        site.pacctl("scan", "--wait")
        hold = the_hold(site)

        assert f"{ALBUM}/{upscaled.name}" == hold["path"]
        assert "only 16 of its 24 bits are ever used" in hold["reason"]
        assert Path(hold["spectrogram"]).exists()


def test_a_one_shot_run_counts(site: Site, programs: Path) -> None:
    """1.1, 1.4: a suspect is no failure; the second run has nothing to do."""
    _good, bad = make_album(site.library / ALBUM)
    suspect(programs / "auCDtect", stated_md5(bad))
    site.settings["watch"] = {"settle_s": 0.3}
    environ = os.environ["PATH"]
    try:
        os.environ["PATH"] = path_with(programs)
        first, second = site.once(), site.once()
    finally:
        os.environ["PATH"] = environ
    counts = first["counts"]["library"]

    assert (1, 1, 1) == (
        counts["auth_suspect"],
        counts["held"],
        first["counts"]["mirror"]["encoded"],
    )
    assert "0.8" == first["tools"]["aucdtect"]
    assert (0, 0, 1) == (
        second["counts"]["library"]["auth_suspect"],
        second["counts"]["library"]["tested_ok"],
        second["counts"]["library"]["held"],
    )


def test_what_was_made_of_high_resolution_is_judged(site: Site, programs: Path) -> None:
    """P2, A3, F6: not examined as it came; its CD form is other audio, and judged for itself."""
    site.change("flac", resample_to_cd=True)
    master = site.library / ALBUM / "01 - Träck 1.flac"
    master.parent.mkdir(parents=True)
    write_flac(master, seconds=1.0, bits=24, tags={"TITLE": "T", "ALBUM": "A", "ARTIST": "B"})
    with site.running(PATH=path_with(programs)) as daemon:
        await_outputs(site)
        facts = site.why(master)["facts"]

        assert (16, "ok") == (facts["bits_per_sample"], facts["authenticity"]["status"])
        assert ["auth_skip", "resample_ok", "auth_ok"] == [
            event["event"] for event in daemon.events("auth_skip", "resample_ok", "auth_ok")
        ]
        counts = site.status()["counts"]["library"]

        assert (1, 0) == (counts["auth_ok"], counts["auth_skipped"])


def test_a_suspect_is_not_resampled(site: Site, programs: Path) -> None:
    """P3, F6: nothing rewrites it, whatever form it has."""
    site.change("flac", resample_to_cd=True)
    site.change("authenticity", skip_highbit=False)
    low = pcm(1.0, bits=16)
    raw = b"".join(b"\0" + low[at : at + 2] for at in range(0, len(low), 2))
    master = site.library / "upscaled.flac"
    encode_pcm(master, raw, bits=24)
    before = master.read_bytes()
    with site.running(PATH=path_with(programs)):
        hold = the_hold(site)

        assert "suspect" == hold["cause"]
        assert before == master.read_bytes()
        site.pacctl("release", str(hold["id"]), "--accept")
        await_outputs(site)

        assert 16 == site.why(master)["facts"]["bits_per_sample"]
        assert {} == site.holds()
