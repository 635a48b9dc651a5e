"""The arrows of docs/architecture.md, enforced by a machine."""

import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def test_import_contracts_are_kept() -> None:
    """P1, X2: deciding is pure, only tools.process starts programs, only the store speaks SQL."""
    linter = Path(sys.prefix) / "linter"  # out of the way of what it looks at: Makefile
    done = subprocess.run(
        [linter / "bin" / "lint-imports", "--no-logo"],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(linter)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "") == (done.returncode, "" if done.returncode == 0 else done.stdout)


def test_only_workers_that_listen_load_numpy() -> None:
    """B4: neither the daemon nor a worker that has heard nothing pays for it."""
    script = (
        "import sys, pacd.daemon, pacd.once, pacd.steps.registry\n"
        "sys.exit(bool({'numpy', 'PIL'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, check=False)

    assert 0 == done.returncode
