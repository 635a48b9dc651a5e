"""Holds from their cause to their end, with the daemon running."""

import csv
import io
import json
import shutil
from pathlib import Path
from typing import Any

from tests import damage
from tests.audio import Art, dress, write_flac
from tests.e2e.albums import make_album
from tests.e2e.bad_input import without_rights
from tests.e2e.order import (
    assert_in_order,
    assert_master_in_order,
    assert_tested,
    await_outputs,
    output_of,
    tree,
)
from tests.e2e.running import Site, until

ALBUM = Path("Artist") / "Album"


def _damaged_album(site: Site) -> tuple[Path, Path, bytes]:
    """Two masters, the second with a flipped bit; and the second as it was."""
    good, bad = make_album(site.library / ALBUM)
    data = bad.read_bytes()
    bad.write_bytes(damage.flipped(data, len(data) - 5_000))
    return good, bad, data


def _one_hold(site: Site) -> dict[str, Any]:
    until(site.holds, what="for a hold")
    site.pacctl("wait")
    (hold,) = site.got("holds")["holds"]
    assert isinstance(hold, dict)
    return hold


def test_a_good_copy_ends_the_hold(site: Site) -> None:
    """H2: a damaged file is held; a good one in its place ends the hold without a word."""
    good, bad, data = _damaged_album(site)
    with site.running() as daemon:
        hold = _one_hold(site)

        assert ("corrupt", "error", "") == (hold["cause"], hold["severity"], hold["mirror"])
        assert_in_order(site, but=[bad])
        assert not output_of(site, bad).exists()
        bad.write_bytes(data)
        await_outputs(site)

        assert {} == site.holds()
        assert ["replaced"] == [
            event["message"].partition(": ")[2] for event in daemon.events("hold_ended")
        ]
        assert good.exists()
        assert_in_order(site)


def test_a_held_file_that_goes_ends_the_hold(site: Site) -> None:
    """H2, L5: what is gone needs nobody; it is remembered, and judged anew when it returns."""
    _good, bad, _data = _damaged_album(site)
    with site.running():
        _one_hold(site)
        bad.rename(site.base / "away.flac")
        until(lambda: not site.holds())

        assert "missing" == site.why(bad)["state"]
        (site.base / "away.flac").rename(bad)

        assert "corrupt" == _one_hold(site)["cause"]


def test_a_held_master_keeps_its_old_output(site: Site) -> None:
    """M8: damage that comes later stops the mirror, and leaves the good copy there."""
    good, bad = make_album(site.library / ALBUM)
    with site.running():
        await_outputs(site)
        before = tree(output_of(site, bad))
        data = bad.read_bytes()
        bad.write_bytes(data[: len(data) // 2])

        assert "corrupt" == _one_hold(site)["cause"]
        assert before == tree(output_of(site, bad))
        assert_master_in_order(site, good)


def test_release_tries_again(site: Site) -> None:
    """H2: release looks anew; damage that is still there is held again, under a new number."""
    _good, bad, _data = _damaged_album(site)
    with site.running():
        first = _one_hold(site)
        released = site.asked("release", str(first["id"]))

        assert [first["id"]] == [hold["id"] for hold in released["holds"]]
        until(lambda: [hold["id"] > first["id"] for hold in site.holds().values()] == [True])
        gone = site.pacctl("release", str(first["id"]), check=False)

        assert 5 == gone.returncode
        assert f"There is no open hold {first['id']}" in gone.stderr
        assert not output_of(site, bad).exists()


def test_accepted_damage_stays_away_until_the_file_changes(site: Site) -> None:
    """H2, P3: --accept ends the hold for these bytes; damage is still never mirrored."""
    _good, bad, _data = _damaged_album(site)
    with site.running():
        hold = _one_hold(site)
        site.pacctl("release", str(hold["id"]), "--accept")
        site.pacctl("scan", "--wait")

        assert {} == site.holds()
        assert not output_of(site, bad).exists()
        assert ["corrupt"] == site.why(bad)["facts"]["accepted"]
        shutil.copyfile(bad, site.library / "a copy.flac")

        assert "corrupt" == _one_hold(site)["cause"]
        (site.library / "a copy.flac").unlink()
        until(lambda: not site.holds())
        bad.write_bytes(bad.read_bytes()[:-20_000])

        assert "corrupt" == _one_hold(site)["cause"]


def test_accepting_one_damage_is_not_accepting_another(site: Site) -> None:
    """H2: two copies claim one MD5, and each has damage of its own: only the named hold ends."""
    _good, bad, data = _damaged_album(site)
    other = bad.with_name("03 - the same, cut off.flac")
    other.write_bytes(data[:-9_000])
    with site.running():
        until(lambda: len(site.holds()) == 2)
        first, second = (site.holds()[f"{ALBUM}/{each.name}"] for each in (bad, other))
        site.pacctl("release", str(first["id"]), "--accept")
        site.pacctl("scan", "--wait")

        assert first["md5"] == second["md5"]
        assert [second["id"]] == [hold["id"] for hold in site.holds().values()]


def test_an_accepted_failure_holds_as_long_as_the_audio_stays(site: Site) -> None:
    """H2: what was accepted of an audio MD5 survives a new tag, a restart and a second run."""
    picture = [Art(b"no picture at all", mime="image/jpeg")]
    master = make_album(site.library / ALBUM, tracks=1, cover=False)[0]
    dress(master, {}, picture)
    with site.running() as daemon:
        hold = _one_hold(site)

        assert "encode-failed" == hold["cause"]
        site.pacctl("release", str(hold["id"]), "--accept")
        dress(master, {"TITLE": "Another"}, [])
        until(lambda: site.why(master)["facts"].get("tags", {}).get("TITLE") == ["Another"])
        site.pacctl("wait")

        assert {} == site.holds()
        assert 0 == daemon.stop()
    with site.running():
        site.pacctl("scan", "--wait")

        assert {} == site.holds()
        new = write_flac(site.base / "new.flac", seconds=0.5, pictures=picture, seed=5)
        new.rename(master)

        assert "encode-failed" == _one_hold(site)["cause"]


def test_a_permission_hold_ends_by_the_right_given(site: Site) -> None:
    """H1, H2: an unreadable file is held; chmod and a look at it are all it takes."""
    master = make_album(site.library / ALBUM, tracks=1)[0]
    master.chmod(0)
    site.under = without_rights()
    with site.running():
        hold = _one_hold(site)

        assert ("permission", "error") == (hold["cause"], hold["severity"])
        assert "right to read and write" in hold["advice"]
        master.chmod(0o640)
        site.pacctl("scan", str(master), "--wait")

        assert {} == site.holds()
        assert 0o640 == master.stat().st_mode & 0o777
        assert_in_order(site)


def test_a_folder_that_may_not_be_written_is_a_permission_hold(site: Site) -> None:
    """H1: a master that cannot be replaced is held, whole; release after chmod ends it."""
    master = make_album(site.library / ALBUM, tracks=1)[0]
    before = tree(master)
    master.parent.chmod(0o555)
    site.under = without_rights()
    with site.running():
        hold = _one_hold(site)

        assert "permission" == hold["cause"]
        assert before == tree(master)
        master.parent.chmod(0o755)
        site.pacctl("release", str(hold["id"]))
        await_outputs(site)

        assert {} == site.holds()
        assert_in_order(site)


def test_a_hard_linked_master_is_mirrored_all_the_same(site: Site) -> None:
    """F3, H1: it is not rewritten, a notice says why, cover and copy are made; accept ends it."""
    master = make_album(site.library / ALBUM, tracks=1)[0]
    other = site.base / "other name.flac"
    other.hardlink_to(master)
    before = tree(master)
    with site.running() as daemon:
        await_outputs(site)
        hold = _one_hold(site)

        assert ("hardlinked", "notice") == (hold["cause"], hold["severity"])
        assert before == tree(master)
        assert_tested(site, master)
        assert [site.art / ALBUM / "front.png"] == list(site.art.rglob("*.*"))
        site.pacctl("release", str(hold["id"]), "--accept")
        site.pacctl("scan", "--wait")

        assert {} == site.holds()
        assert [] == daemon.events("recompress_ok", "recompress_skip")
        assert before == tree(master)


def test_a_foreign_file_in_the_mirror_is_not_touched(site: Site) -> None:
    """H1, M9: a file without PAC's tags in an output's place is a notice until it is moved."""
    master, other = make_album(site.library / ALBUM)
    foreign = output_of(site, master)
    foreign.parent.mkdir(parents=True)
    foreign.write_bytes(b"somebody's own")
    before = tree(foreign)
    with site.running():
        hold = _one_hold(site)

        assert ("collision", "notice", "phone") == (
            hold["cause"],
            hold["severity"],
            hold["mirror"],
        )
        assert before == tree(foreign)
        assert_master_in_order(site, other)
        foreign.rename(site.base / "theirs.opus")
        site.pacctl("scan", "--wait")

        assert {} == site.holds()
        assert_in_order(site)


def test_the_list_can_be_kept_in_three_forms(site: Site) -> None:
    """H3: Markdown, CSV and JSON carry path, md5, reason and the tool's output of every hold."""
    good, bad, _data = _damaged_album(site)
    shutil.copyfile(bad, good.with_name("03 *odd* [name].flac"))
    good.with_name("04 wav.flac").write_bytes(b"RIFF\x24\0\0\0WAVEfmt ")
    with site.running():
        until(lambda: len(site.holds()) == 3)
        holds = site.holds()
        as_json = json.loads(site.pacctl("holds", "--format", "json").stdout)
        as_csv = list(csv.DictReader(io.StringIO(site.pacctl("holds", "--format", "csv").stdout)))
        as_markdown = site.pacctl("holds", "--format", "md").stdout
        shown = site.pacctl("holds", "show", str(holds[f"{ALBUM}/{bad.name}"]["id"])).stdout

    assert 1 == as_json["schema"]
    for rows in (as_json["holds"], as_csv):
        assert {path: hold["reason"] for path, hold in holds.items()} == {
            row["path"]: row["reason"] for row in rows
        }
        assert {hold["md5"] for hold in holds.values()} == {row["md5"] for row in rows}
    assert "CRC_MISMATCH" in "".join(row["tool_output"] for row in as_csv)
    assert "CRC_MISMATCH" in shown
    assert "# Holds (3)" == as_markdown.splitlines()[0]
    assert r"03 \*odd\* \[name\].flac" in as_markdown
    assert all(f"- md5: {hold['md5']}" in as_markdown for hold in holds.values() if hold["md5"])
