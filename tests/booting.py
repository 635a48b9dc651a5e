"""A systemd of its own, booted for tests in namespaces; skipped where that is not allowed."""

import contextlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
SCRIPT = Path(__file__).with_name("boot-systemd")
CGROUPS = Path("/sys/fs/cgroup")
SYSTEMD = Path("/lib/systemd/systemd")
BOOT_S = 60.0
COMMAND_S = 120.0

# Where the guest has this repository and its Python, out of reach of ProtectHome= and PrivateTmp=.
PAC, PYTHON, PACKAGES = "/opt/pac-sources", "/opt/pac-python", "/opt/pac-packages"

_PROGRAM = """#!/bin/sh
export LD_LIBRARY_PATH={python}/lib  # a libpython of the same version may lie elsewhere
PYTHONPATH={sources}:{packages} exec {python}/bin/python{version} -m {module} "$@"
"""


class Guest:
    """A booted systemd with pacd and pacctl installed; its init is a child of this process."""

    def __init__(self, boot: subprocess.Popen[bytes], pid: int) -> None:
        self.boot = boot
        self.pid = pid
        self.root = Path(f"/proc/{pid}/root")

    def at(self, path: str) -> Path:
        """Return a path of the guest as this machine sees it."""
        return self.root / path.lstrip("/")

    def run(self, *argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a program in the guest, as its root, to its end."""
        done = subprocess.run(
            [*self.enter(), *argv],
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_S,
        )
        assert not check or done.returncode == 0, (argv, done.stdout, done.stderr)
        return done

    def enter(self) -> list[str]:
        """What a command begins with to be run in the guest."""
        return [
            *("nsenter", f"--target={self.pid}", "--mount", "--pid", "--cgroup", "--ipc"),
            *("--uts", "--net", "--root", "--wd", "env", "-i", "HOME=/root", "LANG=C.UTF-8"),
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        ]

    def show(self, unit: str, *properties: str) -> tuple[str, ...]:
        """Return properties of a unit, in this order."""
        said = self.run("systemctl", "show", unit, *(f"--property={name}" for name in properties))
        values = dict(line.split("=", 1) for line in said.stdout.splitlines())
        return tuple(values[name] for name in properties)

    def journal(self, unit: str) -> str:
        """Return all that a unit has written."""
        return self._written(f"--unit={unit}")

    def written_by(self, pid: str) -> str:
        """Return all that a process has written."""
        return self._written(f"_PID={pid}")

    def _written(self, match: str) -> str:
        self.run("journalctl", "--sync")  # what was said before is there
        return self.run("journalctl", "--quiet", "--output=cat", match).stdout


@contextlib.contextmanager
def booted(folder: Path) -> Iterator[Guest]:
    """Boot a guest; the test is skipped, with the reason, where none can be."""
    if os.geteuid() != 0:
        pytest.skip("only root may boot a systemd of its own")
    if not SYSTEMD.exists() or not shutil.which("nsenter"):
        pytest.skip("systemd or util-linux is not installed")
    with _own_cgroups(f"pacd-test-{os.getpid()}") as groups:
        said = folder / "boot.log"
        place = folder / "guest"
        place.mkdir()
        with said.open("wb") as log:
            boot = subprocess.Popen(
                [SCRIPT, place, *_sources()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: _join(groups),  # noqa: PLW1509  # before any thread of its own
            )
        try:
            guest = _await_init(boot)
            if guest is None:
                pytest.skip(f"no systemd can be booted here: {said.read_text().strip()[-300:]}")
            _install_programs(guest)
            yield guest
        finally:
            boot.kill()  # its --kill-child takes init along, and that all the rest
            boot.wait(BOOT_S)


def _sources() -> list[str]:
    """What the guest sees of this machine besides its file system, and where."""
    packages = sysconfig.get_path("purelib")
    return [str(REPOSITORY), PAC, sys.base_prefix, PYTHON, packages, PACKAGES]


def _await_init(boot: subprocess.Popen[bytes]) -> Guest | None:
    """Wait until the guest's systemd has started everything; None where it does not come up."""
    end_s = time.monotonic() + BOOT_S
    while boot.poll() is None and time.monotonic() < end_s:
        children = Path(f"/proc/{boot.pid}/task/{boot.pid}/children").read_text().split()
        for child in children:
            guest = Guest(boot, int(child))
            if "systemd" == _name_of(guest.pid) and _is_up(guest):
                return guest
        time.sleep(0.05)
    return None


def _name_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return ""


def _is_up(guest: Guest) -> bool:
    said = guest.run("systemctl", "is-system-running", check=False).stdout.strip()
    return said in {"running", "degraded"}


def _install_programs(guest: Guest) -> None:
    """Put pacd and pacctl where README.md puts them; both run this repository's sources."""
    for module in ("pacd", "pacctl"):
        program = guest.at(f"/usr/local/bin/{module}")
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        program.write_text(
            _PROGRAM.format(
                sources=PAC, packages=PACKAGES, python=PYTHON, version=version, module=module
            )
        )
        program.chmod(0o755)


@contextlib.contextmanager
def _own_cgroups(name: str) -> Iterator[Sequence[Path]]:
    """Make a control group in each hierarchy, below this process's own where it has members."""
    groups = []
    try:
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, own = line.split(":", 2)
            unified = not controllers and (CGROUPS / "cgroup.controllers").exists()
            # In the unified hierarchy groups with processes have no children with controllers.
            above = CGROUPS if unified else _mount_of(controllers) / own.lstrip("/")
            try:
                (above / name).mkdir()
            except OSError as error:
                pytest.skip(f"no control group may be made here: {error}")
            groups.append(above / name)
            for setting in ("cpuset.cpus", "cpuset.mems"):
                if controllers == "cpuset":  # without, no process may join
                    (above / name / setting).write_text((above / setting).read_text())
        yield groups
    finally:
        for group in groups:
            _remove(group)


def _mount_of(controllers: str) -> Path:
    return CGROUPS / (controllers.removeprefix("name=") or "unified")


def _join(groups: Sequence[Path]) -> None:
    for group in groups:
        (group / "cgroup.procs").write_text(str(os.getpid()))


def _remove(group: Path) -> None:
    """Remove a control group and all below it, once the last process there has gone."""
    end_s = time.monotonic() + BOOT_S
    for folder in (*sorted(group.rglob("*/"), reverse=True), group):
        while folder.is_dir():
            with contextlib.suppress(OSError):
                folder.rmdir()
                break
            assert time.monotonic() < end_s, f"{folder} has processes that do not end"
            time.sleep(0.02)
