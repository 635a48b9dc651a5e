"""What `make run` does: start the daemon on a library, wait, show what it did."""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from scripts.demo_library import make_library

REPOSITORY = Path(__file__).resolve().parent.parent
DEMO = REPOSITORY / "demo"
BIN = Path(sys.executable).parent

NOT_RUNNING = 3  # pacctl's exit code (requirements 1.3)

CONFIG = """\
# Written by `make run`.
[daemon]
state_dir = {state}
socket = {socket}

[watch]
settle_s = 2.0

[artwork]
root = {art}

[[library]]
name = "demo"
root = {library}

[[library.mirror]]
name = "opus"
root = {mirror}
"""


def main() -> int:
    """Run the demonstration; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--library", type=Path, help="by default a small one is made")
    library = parser.parse_args().library
    DEMO.mkdir(exist_ok=True)
    if library is None:
        library = make_library(DEMO / "library")
    config = write_config(library.expanduser().resolve())
    print(f"library  {library}\nmirror   {DEMO / 'mirror'}\nsettings {config}\n", flush=True)
    log = (DEMO / "pacd.log").open("ab")
    with subprocess.Popen([BIN / "pacd", "--config", config], stderr=log) as daemon:
        try:
            return follow(daemon)
        except KeyboardInterrupt:
            return 0
        finally:
            daemon.send_signal(signal.SIGTERM)


def write_config(library: Path) -> Path:
    """Write the settings of the demonstration; JSON strings are TOML strings too."""
    places = {
        "state": DEMO / "state",
        "socket": socket_path(),
        "art": DEMO / "covers",
        "library": library,
        "mirror": DEMO / "mirror",
    }
    config = DEMO / "pacd.toml"
    config.write_text(CONFIG.format(**{key: json.dumps(str(at)) for key, at in places.items()}))
    return config


def socket_path() -> Path:
    """Beside the state, or in /tmp where that path is too long for a socket (unix(7): 107)."""
    wanted = DEMO / "run" / "pacd.sock"
    if len(os.fsencode(wanted)) <= 107:
        return wanted
    return Path(f"/tmp/pacd-demo-{os.getuid()}/pacd.sock")  # noqa: S108  # the API makes it 0750


def follow(daemon: subprocess.Popen[bytes]) -> int:
    """Wait until all is in order and show it; on a terminal, stay."""
    while pacctl("health", quiet=True) == NOT_RUNNING:
        if daemon.poll() is not None:
            print(f"pacd ended with {daemon.returncode}; see {DEMO / 'pacd.log'}", file=sys.stderr)
            return 1
        time.sleep(0.1)
    pacctl("scan", "--wait", quiet=True)
    pacctl("wait")
    for verb in ("status", "holds"):
        print(f"$ pacctl {verb}", flush=True)
        pacctl(verb)
        print(flush=True)
    show_tree(DEMO / "mirror")
    if not sys.stdout.isatty():
        return 0
    print(f"\nStill running; drop albums into the library. Socket: {socket_path()}")
    print("Ctrl-C ends it.", flush=True)
    return daemon.wait()


def pacctl(*arguments: str, quiet: bool = False) -> int:
    """Ask the daemon; return pacctl's exit code."""
    output = subprocess.DEVNULL if quiet else None
    command: list[Path | str] = [BIN / "pacctl", "--socket", socket_path(), *arguments]
    return subprocess.run(command, check=False, stdout=output, stderr=output).returncode


def show_tree(root: Path) -> None:
    """Print what lies below a folder, one line each."""
    print(root)
    for path in sorted(root.rglob("*")):
        depth = len(path.relative_to(root).parts)
        size = f"  {path.stat().st_size >> 10} KiB" if path.is_file() else "/"
        print(f"{'  ' * depth}{path.name}{size}")


if __name__ == "__main__":
    sys.exit(main())
