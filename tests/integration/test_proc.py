"""A machine without /proc, or with that of other processes: PAC reaches files through it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.configurations import write

_WITHOUT = ["unshare", "--mount", "sh", "-c", 'umount --recursive --lazy /proc && exec "$@"', "sh"]
_OF_OTHERS = ["unshare", "--pid", "--fork", "sh", "-c", '"$@"; exit $?', "sh"]


@pytest.mark.parametrize("wrapped", [_WITHOUT, _OF_OTHERS], ids=["none", "another namespace's"])
def test_w52_without_its_own_proc_nothing_is_begun(tmp_path: Path, wrapped: list[str]) -> None:
    """w52, X2: the path of an open folder would lead nowhere, or to what others have open."""
    if subprocess.run([*wrapped, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not make namespaces")
    (tmp_path / "music").mkdir()
    config = write(
        tmp_path,
        f'[daemon]\nstate_dir = "{tmp_path}/state"\nsocket = "{tmp_path}/s"\n'
        f'[artwork]\nenabled = false\n[[library]]\nroot = "{tmp_path}/music"\n',
    )
    command = [sys.executable, "-m", "pacd", "--config", str(config), "--check"]
    done = subprocess.run([*wrapped, *command], capture_output=True, text=True, check=False)

    assert 3 == done.returncode
    assert "mount -t proc proc /proc" in done.stderr
