"""S4: a database that is lost or damaged, from the first sentence to a library in order again."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pacd.files.lock import Lock
from pacd.store.database import Store
from tests.e2e.albums import make_album
from tests.e2e.order import tree
from tests.e2e.running import Site, until
from tests.serving import exchange, request, status_of

ALBUM = Path("Artist") / "Album"


@contextmanager
def _store(site: Site) -> Iterator[Store]:
    store = Store.open(site.database, now=datetime.now(UTC))
    try:
        yield store
    finally:
        store.close()


def test_w59_a_damaged_database_comes_back_with_one_command(site: Site) -> None:
    """S4, w59: the message names the command; it is refused while pacd runs; nothing is redone."""
    make_album(site.library / ALBUM)
    site.once()
    lock = Lock.take(site.state / "pacd.lock", "daemon")
    refused = site.pacd("--restore-backup")
    lock.release()
    before = tree(site.library, site.mirror)
    os.truncate(site.database, site.database.stat().st_size // 2)
    broken = site.pacd()
    restored = site.pacd("--restore-backup")
    summary = site.once()
    with _store(site) as store:
        history = [each.event for each in store.history.latest(limit=100)]

    assert (6, True) == (refused.returncode, "runs as the daemon" in refused.stderr)
    assert (1, True) == (broken.returncode, "pacd --restore-backup`" in broken.stderr)
    assert (0, True) == (restored.returncode, "Start pacd" in restored.stdout), restored.stderr
    assert 1 == len(list(site.state.glob("pacd.db.replaced-*")))
    assert before == tree(site.library, site.mirror)
    assert (0, 0) == (summary["counts"]["library"]["tested_ok"], history.count("flac_test_err"))
    assert 2 == history.count("flac_test_ok")  # those of before the damage


def test_w59_the_command_works_as_it_is_written(site: Site) -> None:
    """S4, w59: as the guide and the message have it, typed where no configuration is found."""
    make_album(site.library / ALBUM, tracks=1)
    site.once()
    os.truncate(site.database, site.database.stat().st_size // 2)
    (command,) = re.findall(r"`(STATE_DIRECTORY=\S+ pacd --restore-backup)`", site.pacd().stderr)
    program = shlex.join(map(str, site.command()[: site.command().index("--config")]))
    typed = command.replace("pacd --", f"{program} --")
    elsewhere = {**site.environment(), "HOME": str(site.base / "nobody")}
    done = subprocess.run(
        ["sh", "-c", typed], env=elsewhere, capture_output=True, text=True, check=False
    )

    assert (0, True) == (done.returncode, "Start pacd" in done.stdout), done.stderr
    assert 1 == len(list(site.state.glob("pacd.db.replaced-*")))
    assert 0 == site.once()["counts"]["library"]["tested_ok"]


def test_w59_what_was_accepted_stays_accepted_without_the_database(site: Site) -> None:
    """w59, S4: one audit rebuilds the rest; a decision outlives the database from the start."""
    _, second = make_album(site.library / ALBUM)
    os.link(second, second.with_name("other name.flac.bak"))
    with site.running() as daemon:
        until(site.holds)
        (hold,) = site.got("holds")["holds"]
        body = json.dumps({"ids": [hold["id"]], "accept": True})
        answer = exchange(site.socket, request("release", method="POST", body=body))
        exported = json.loads((site.state / "backups" / "decisions.json").read_bytes())
        until(lambda: site.got("wait")["idle"])
        before = tree(site.library, site.mirror)
        daemon.kill()
    for file in site.state.glob("pacd.db*"):
        file.unlink()
    summary = site.once()
    with _store(site) as store:
        held = store.holds.all_open()

    assert 200 == status_of(answer)
    assert [("hardlinked", "accepted")] == [
        (each["cause"], each["how"]) for each in exported["holds"]
    ]
    assert () == held
    assert (2, 0) == (
        summary["counts"]["library"]["tested_ok"],
        summary["counts"]["mirror"]["encoded"],
    )
    assert before == tree(site.library, site.mirror)
