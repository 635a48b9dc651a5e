"""What campaigns against a running pacd share: where it runs, and how they are started and end."""

import argparse
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.running import Site


@contextmanager
def made_site(base: Path) -> Iterator[Site]:
    """A library with a mirror, and a short place for the socket."""
    with tempfile.TemporaryDirectory(prefix="pacd-") as short:
        site = Site(base, Path(short, "pacd.sock"))
        site.settings["watch"] = {"settle_s": 0.3}
        site.library.mkdir(exist_ok=True)  # it may be a disk of its own
        site.configure()
        yield site


def run(about: str | None, breaches: Callable[[Site, float, int], Iterable[str]]) -> int:
    """
    Run a campaign as the command line says; return 1 where something was breached.

    Args:
        breaches: Given a site, how many seconds to go on, and a seed.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    print(f"seed {options.seed}")
    base = Path(tempfile.mkdtemp(prefix="pacd-campaign-"))
    with made_site(base) as site:
        try:
            found = list(breaches(site, options.seconds, options.seed))
        except subprocess.SubprocessError as error:
            found = [str(error)]
    for breach in found:
        print(f"BREACH: {breach}")
    if not found:
        shutil.rmtree(base)
    return int(bool(found))
