"""A library whose root went away under a real pacd: every answer says so, and none is stale."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.albums import make_album
from tests.e2e.order import assert_in_order, await_outputs
from tests.e2e.running import QUICK, Site, until
from tests.prometheus import read
from tests.serving import exchange, request
from tests.swaps import exchange as exchange_places

BACK = ("library main", "watches")
"""What the doctor looks at where a root may be away."""


def checks(site: Site) -> dict[str, Any]:
    """What the doctor looked at, by name."""
    return {each["name"]: each for each in site.got("doctor")["checks"]}


def numbers(site: Site) -> tuple[float, float]:
    """The folders, and those that are watched, as a monitoring system sees them."""
    found = read(exchange(site.socket, request("metrics")).partition(b"\r\n\r\n")[2].decode())
    return (
        found["pacd_watch_directories"].value(),
        found["pacd_watched_directories"].value(),
    )


def coverage(site: Site) -> tuple[int, int, list[str]]:
    watch = site.status()["watch"]
    return (watch["directories"], watch["watched"], watch["away"])


def missed(site: Site) -> list[Any]:
    """The problems of roots that are not in place."""
    return [each for each in site.status()["problems"] if each["kind"] == "root-missing"]


@pytest.mark.parametrize("emptied", [False, True], ids=["missing", "empty"])
def test_w08_all_answers_agree_that_a_root_is_away(
    site: Site, tmp_path: Path, *, emptied: bool
) -> None:
    """w08, w56, w57, w58, W3: status, doctor, metrics and why; all is well once it is back."""
    (master, *_) = make_album(site.library / "Artist" / "Album", tracks=1)
    with site.running(**QUICK):
        await_outputs(site)
        until(lambda: (3, 3, []) == coverage(site))
        unplugged = tmp_path / "unplugged"
        if emptied:
            unplugged.mkdir()
            exchange_places(site.library, unplugged)
        else:
            site.library.rename(unplugged)
        until(lambda: missed(site))
        (problem,) = missed(site)
        found, told = checks(site), site.why(master)
        screen = site.pacctl("why", str(master)).stdout

        assert "degraded" == site.status()["state"]
        assert str(site.library) == problem["path"]
        assert (0, 0, ["main"]) == coverage(site)
        assert (0, 0) == numbers(site)
        assert "none of main, which is away" in " ".join(site.pacctl("status").stdout.split())
        library, watches = found["library main"], found["watches"]
        assert ("degraded", problem["what"], problem["fix"]) == (
            library["verdict"],
            library["found"],
            library["fix"],
        )
        assert "degraded" == watches["verdict"]
        assert "none of main, which is away" in watches["found"]
        assert "ok" == found["mirror phone"]["verdict"]
        assert "mkdir" not in site.pacctl("doctor").stdout
        assert ("away", "none") == (told["state"], told["decision"]["action"])
        assert told["decision"]["reason"].startswith(problem["what"])
        assert "missing" not in screen
        if emptied:
            site.library.rmdir()
        unplugged.rename(site.library)
        until(lambda: not missed(site) and (3, 3, []) == coverage(site))
        until(lambda: site.why(master)["state"] == "in-order")
        until(lambda: {"ok"} == {checks(site)[name]["verdict"] for name in BACK})
        assert_in_order(site)
