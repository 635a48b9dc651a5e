"""Sidecars while the daemon runs: they come, change, move and go."""

from tests.e2e.albums import make_album
from tests.e2e.running import Site, until


def test_sidecars_are_kept_in_step_live(site: Site) -> None:
    """M11, W1: what happens to a sidecar alone is seen by the watcher and done in the mirror."""
    site.change("mirror", prune=True)
    make_album(site.library / "A", tracks=1, seed=1)
    cover, copy = site.library / "A" / "cover.jpg", site.mirror / "A" / "cover.jpg"
    cover.write_bytes(b"one")
    with site.running():
        until(copy.exists, what="for the first copy")
        cover.write_bytes(b"the other")
        until(lambda: copy.read_bytes() == b"the other", what="for the changed copy")
        site.pacctl("wait")
        cover.rename(cover.with_name("folder.jpg"))
        until(lambda: not copy.exists(), what="for the renamed copy")
        moved = copy.with_name("folder.jpg").read_bytes()
        site.pacctl("wait")
        (site.library / "A" / "folder.jpg").unlink()
        until(lambda: not copy.with_name("folder.jpg").exists(), what="for its removal")

    assert b"the other" == moved
