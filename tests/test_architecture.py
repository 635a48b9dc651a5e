"""The arrows of docs/architecture.md, enforced by a machine."""

import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def test_import_contracts_are_kept() -> None:
    """P1, X2: deciding is pure, only tools.process starts programs, only the store speaks SQL."""
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (done.returncode, "" if done.returncode == 0 else done.stdout)
