"""Every test here has a PAC of its own: real programs, real files, nothing shared."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite(
    "tests.e2e.order", "tests.e2e.running", "tests.e2e.installed", "tests.e2e.starting"
)

from tests.e2e.installed import guest, machine, service  # noqa: E402, F401  # fixtures
from tests.e2e.manager import Manager  # noqa: E402
from tests.e2e.running import Site  # noqa: E402  # only what is imported later is rewritten


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An empty library with a mirror and covers, quick to settle; no detector is asked."""
    with tempfile.TemporaryDirectory(prefix="pacd-") as short:
        made = Site(tmp_path, Path(short, "pacd.sock"))
        made.settings["watch"] = {"settle_s": 0.3}
        made.settings["audit"] = {"min_free_mib": 1}
        made.settings["flac"] = {"resample_to_cd": False}  # what tests/e2e/test_hires.py proves
        made.settings["authenticity"] = {"enabled": False}
        made.library.mkdir()
        made.configure()
        yield made


@pytest.fixture
def manager() -> Iterator[Manager]:
    """What hears a daemon that is given its path as $NOTIFY_SOCKET."""
    with (
        tempfile.TemporaryDirectory(prefix="pacd-") as short,
        contextlib.closing(Manager(f"{short}/notify")) as end,
    ):
        yield end
