"""Outputs of deleted masters, with the daemon running and the real pacctl."""

import shutil
from pathlib import Path
from typing import Any

from tests.e2e.albums import make_album
from tests.e2e.order import assert_in_order, await_outputs, masters, output_of, tree
from tests.e2e.running import Site, until

ARTIST = Path("Artist")


def _count(site: Site, name: str) -> int:
    return int(site.status()["counts"]["mirror"][name])


def _short_masters(folder: Path, number: int) -> None:
    """Many masters that take no time: of the same audio, each with an output of its own."""
    first = make_album(folder, tracks=1, seconds=0.1, cover=False)[0]
    for each in range(2, number + 1):
        shutil.copyfile(first, folder / f"{each:02d}.flac")


def test_an_album_that_is_deleted_leaves_orphans_until_they_are_pruned(site: Site) -> None:
    """M9: counted, listed, removed with their folders; the second prune has nothing to do."""
    make_album(site.library / ARTIST / "Gone", seed=1)
    make_album(site.library / ARTIST / "Kept", seed=2)
    with site.running() as daemon:
        await_outputs(site)
        foreign = site.mirror / ARTIST / "mine.opus"
        foreign.write_bytes(b"not PAC's")
        shutil.rmtree(site.library / ARTIST / "Gone")
        until(lambda: _count(site, "orphaned") == 2, what="for orphans")
        site.pacctl("wait")
        before = tree(site.mirror)
        listed = site.asked("prune", "--dry-run")
        shown = site.pacctl("prune", "--dry-run").stdout
        unchanged = tree(site.mirror)
        pruned = site.asked("prune")
        site.pacctl("wait")
        again = site.pacctl("prune")

        assert [2, 2, 2] == [len(listed["orphans"]), len(pruned["orphans"]), pruned["removed"]]
        assert before == unchanged
        assert "2 files that nothing wants" in shown
        assert "Nothing to remove.\n" == again.stdout
        assert 5 == site.pacctl("prune", "--mirror", "car", check=False).returncode
        assert (0, 2) == (_count(site, "orphaned"), _count(site, "pruned"))
        assert 2 == len(daemon.events("mirror_prune_ok"))
        assert [ARTIST / "Kept", ARTIST / "mine.opus"] == _below(site.mirror / ARTIST, site)
        assert foreign.read_bytes() == b"not PAC's"
        foreign.unlink()
        assert_in_order(site)
        source = pruned["orphans"][0]["source"]
        story = site.asked("history", str(site.library / source))["entries"]

    assert "mirror_prune_ok" == story[-1]["action"]


def _below(folder: Path, site: Site) -> list[Path]:
    return sorted(path.relative_to(site.mirror) for path in folder.iterdir())


def test_prune_true_removes_by_itself(site: Site) -> None:
    """M9: what is deleted while the daemon runs, and while it is down; not while it is paused."""
    site.change("mirror", prune=True)
    live, down, paused, kept = (
        make_album(site.library / ARTIST / name, tracks=1, seed=seed)[0]
        for seed, name in enumerate(("Live", "Down", "Paused", "Kept"))
    )
    outputs = {master: output_of(site, master) for master in (live, down, paused, kept)}
    with site.running():
        await_outputs(site)
        live.unlink()
        until(lambda: not outputs[live].exists(), what="for the live prune")
        site.pacctl("wait")
    down.unlink()
    with site.running():
        until(lambda: not outputs[down].exists(), what="for what went while it was down")
        site.pacctl("wait")
        site.pacctl("pause")
        paused.unlink()
        until(lambda: site.status()["queue"]["folders_waiting"], what="for the watcher")
        refused = site.pacctl("prune", check=False)
        still = outputs[paused].exists()
        site.pacctl("resume")
        until(lambda: not outputs[paused].exists(), what="for the end of the pause")
        site.pacctl("wait")

    assert (6, True) == (refused.returncode, still)
    assert "`pacctl resume`" in refused.stderr
    assert outputs[kept].exists()


def test_so_much_gone_at_once_is_asked_about(site: Site) -> None:
    """M9, H2: nothing is removed before a person accepts it; then exactly that."""
    _short_masters(site.library / ARTIST / "Many", 24)
    make_album(site.library / ARTIST / "Kept", tracks=1, seed=2)
    with site.running():
        await_outputs(site)
        shutil.rmtree(site.library / ARTIST / "Many")
        until(lambda: _count(site, "orphaned") == 24, what="for orphans")
        site.pacctl("wait")
        refused = site.pacctl("prune", check=False)
        (hold,) = site.got("holds")["holds"]
        shown = site.pacctl("holds", "show", str(hold["id"])).stdout
        exported = site.pacctl("holds", "--format", "md").stdout
        kept = _outputs(site)
        site.pacctl("release", str(hold["id"]), "--accept")
        site.pacctl("wait")
        done = site.asked("prune")

        assert (6, 25) == (refused.returncode, kept)
        assert f"`pacctl release {hold['id']} --accept`" in " ".join(refused.stdout.split())
        assert ("mass-disappearance", "phone") == (hold["cause"], hold["mirror"])
        assert "24 of 25 outputs" in " ".join(shown.split())
        assert "## error: mirror phone of library main" in exported
        assert (24, 1) == (done["removed"], _outputs(site))
        assert {} == site.holds()
        assert_in_order(site)


def _outputs(site: Site) -> int:
    return len(list(site.mirror.rglob("*.opus")))


def test_a_library_that_is_away_is_not_deleted(site: Site) -> None:
    """M9, users 6: an empty mount point removes nothing; all is well when the disk is back."""
    site.change("mirror", prune=True)
    make_album(site.library / ARTIST / "Album")
    site.once()
    before: dict[Path, Any] = dict(tree(site.mirror))
    away = site.base / "away"
    site.library.rename(away)
    site.library.mkdir()
    site.once(expected=2)
    with site.running():
        until(site.holds, what="for the hold")
        refused = site.pacctl("prune", check=False)
        site.library.rmdir()
        away.rename(site.library)
        site.pacctl("scan", "--wait")
        site.pacctl("wait")

        assert 6 == refused.returncode
        assert {} == site.holds()
        assert before == dict(tree(site.mirror))
        assert 2 == len(masters(site))
