"""What bad disks and power cuts do to a database."""

import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]


def spoil(database: Path, table: str) -> None:
    """Overwrite the first page of a table, as a bad disk does."""
    with closing(sqlite3.connect(database)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)
        ).fetchone()
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def killed_at(syscall: str, nth: int, script: str, *arguments: Path) -> int:
    """Run a script that is killed at its nth call of a syscall; return its exit code."""
    inject = f"inject=/^{syscall}:signal=KILL:when={nth}"
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace=/^{syscall}", "-e", inject]
    return _run([*command, sys.executable, "-B", "-c", script, *map(str, arguments)])


def _run(command: Sequence[str]) -> int:
    return subprocess.run(command, cwd=REPOSITORY, check=False).returncode
