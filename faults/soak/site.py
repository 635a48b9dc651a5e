"""Where a soak happens: a real pacd with a library and two mirrors, each on a disk of its own."""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults.soak.disks import Disk
from pacd.assembly import policy_of
from pacd.domain.policy import LibraryPolicy
from pacd.settings import load_settings
from pacd.tools.toolbox import Toolbox, find_tools
from tests.e2e.running import Site

SMALLEST_MIB = {"library": 320, "mirror": 64, "car": 64}
"""Small enough to be filled up in no time."""

MIB_A_MINUTE = {"library": 8, "mirror": 6, "car": 2}
"""What stays: originals in the bin, orphans where nothing is pruned; twice what was seen."""


@dataclass
class SoakSite(Site):
    """A site with an AAC mirror besides, pruned by itself."""

    car_settings: dict[str, Any] = field(default_factory=dict)
    disks: dict[str, Disk] = field(default_factory=dict)
    tools: Toolbox = field(default_factory=find_tools)

    @property
    def car(self) -> Path:
        """Root of the AAC mirror."""
        return self.base / "car"

    def configure(self) -> Path:
        """Write the configuration as the settings are now."""
        path = super().configure()
        values = {"name": "car", "root": str(self.car), "codec": "aac", **self.car_settings}
        lines = [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        path.write_text("\n".join((path.read_text(), "[[library.mirror]]", *lines, "")))
        return path

    def policy(self) -> LibraryPolicy:
        """The owner's wishes as the configuration says them now."""
        settings = load_settings(self.config, {"HOME": str(self.base)})
        return policy_of(settings, self.tools).libraries[0]

    def try_pacctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run pacctl, whatever comes of it."""
        return self.pacctl(*arguments, check=False)


@contextmanager
def made_site(base: Path, minutes: float) -> Iterator[SoakSite]:
    """A site on disks of its own for a life so long; they are gone at the end, its folder stays."""
    short = Path(tempfile.mkdtemp(prefix="pacd-soak-"))
    site = SoakSite(base, short / "pacd.sock")
    site.settings["watch"] = {"settle_s": 0.5}
    site.settings["audit"] = {"min_free_mib": 4}
    site.mirror_settings = {"sidecars": [".lrc", "cover.jpg"]}
    site.car_settings = {"sidecars": [".lrc", "cover.jpg"], "prune": True, "quality": 2}
    try:
        for name, smallest_mib in SMALLEST_MIB.items():
            size_mib = smallest_mib + round(minutes * MIB_A_MINUTE[name])
            site.disks[name] = Disk(base / f"{name}.img", base / name, size_mib)
            site.disks[name].make()
        site.configure()
        yield site
    finally:
        for disk in site.disks.values():
            if disk.mounted:
                disk.pull(with_folder=False)
        shutil.rmtree(short)


def complain(*words: object) -> None:
    """Say something to whoever watches, beside the figures."""
    print(*words, file=sys.stderr, flush=True)
