"""S4: a database that is lost or damaged, from the first sentence to a library in order again."""

import json
import os
from pathlib import Path

from tests.e2e.albums import make_album
from tests.e2e.order import await_outputs, tree
from tests.e2e.running import Site, until

ALBUM = Path("Artist") / "Album"


def test_a_damaged_database_comes_back_with_one_command(site: Site) -> None:
    """S4, w59: the message names the command; it is refused while pacd runs; nothing is redone."""
    make_album(site.library / ALBUM)
    site.once()
    backups = site.state / "backups"
    assert 1 == len(list(backups.glob("pacd-*.db")))
    with site.running():
        refused = site.pacd("--restore-backup")
    before = tree(site.library, site.mirror)
    os.truncate(site.database, site.database.stat().st_size // 2)
    broken = site.pacd()
    restored = site.pacd("--restore-backup")
    history = site.state / "history"
    with site.running():
        site.pacctl("wait")
        history.write_text(site.pacctl("history").stdout)
        status = site.status()

    assert (6, "runs as the daemon" in refused.stderr) == (refused.returncode, True)
    assert (1, "pacd --restore-backup`" in broken.stderr) == (broken.returncode, True)
    assert (0, "Start pacd" in restored.stdout) == (restored.returncode, True), restored.stderr
    assert 1 == len(list(site.state.glob("pacd.db.replaced-*")))
    assert before == tree(site.library, site.mirror)
    assert "flac_test_ok" in history.read_text()
    assert ([], "watching") == (status["problems"], status["state"])


def test_what_was_accepted_stays_accepted_without_the_database(site: Site) -> None:
    """w59, S4: minutes after it was decided, whatever became of the database."""
    first, second = make_album(site.library / ALBUM)
    os.link(second, second.with_name("other name.flac.bak"))
    with site.running() as daemon:
        until(site.holds)
        site.pacctl("wait")
        (hold,) = site.got("holds")["holds"]
        site.pacctl("release", "--accept", str(hold["id"]))
        exported = json.loads((site.state / "backups" / "decisions.json").read_bytes())
        site.pacctl("wait")
        await_outputs(site)
        before = tree(site.library, site.mirror)
        daemon.kill()
    for file in site.state.glob("pacd.db*"):
        file.unlink()
    with site.running() as daemon:
        until(lambda: site.status()["audit"]["last_finished"])
        site.pacctl("wait")
        told = daemon.events("decisions taken over", "mirror_encode_ok")

        assert {} == site.holds()
    assert [("hardlinked", "accepted")] == [
        (each["cause"], each["how"]) for each in exported["holds"]
    ]
    assert ["decisions taken over"] == [each["event"] for each in told]
    assert before == tree(site.library, site.mirror)
    assert first.exists()
