"""The program pacd: arguments in, exit code out."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pacd import VERSION
from pacd.errors import BusyError, ConfigError, PacError, PreflightError, UnknownError

if TYPE_CHECKING:
    from pacd.settings import Settings

FAILED: Final = 1
EXITS: Final = ((ConfigError, 78), (PreflightError, 3), (BusyError, 6), (UnknownError, 78))
"""Requirements 1.1; what is not listed ends with FAILED."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run pacd as its arguments say."""
    if sys.getfilesystemencoding() != "utf-8":
        # Names and tags are UTF-8 whatever the locale says: the same process begins anew.
        again = [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
        os.execv(sys.executable, again)  # noqa: S606  # its own interpreter, no shell
    arguments = _parser().parse_args(argv)
    if os.getpid() == 1:
        from pacd.init import as_init

        return as_init()
    try:
        return _run(arguments)
    except PacError as error:
        print(f"pacd: {error}", file=sys.stderr)
        return next((code for kind, code in EXITS if isinstance(error, kind)), FAILED)
    except KeyboardInterrupt:
        return 130


def _run(arguments: argparse.Namespace) -> int:
    # Late imports: a worker imports this module too, and needs none of them.
    from pacd import logs
    from pacd.settings import load_settings

    def load() -> "Settings":
        return load_settings(arguments.config, os.environ)

    settings = load()
    logs.configure(settings.daemon.log_level, settings.daemon.log_format)
    if arguments.check:
        return _check(settings)
    if arguments.restore_backup is not None:
        from pacd.rescue import run_rescue

        named = arguments.restore_backup
        print(run_rescue(settings, Path(named).absolute() if named else None))
        return 0
    if arguments.once and arguments.dry_run:
        return _plan(settings, arguments.library)
    if arguments.once:
        from pacd.once import run_once

        summary, code = run_once(settings, arguments.library)
        print(json.dumps(summary, indent=2))
        return code
    from pacd.endurance import run_daemon

    return run_daemon(settings, load, os.environ)


def _plan(settings: "Settings", library: str | None) -> int:
    from pacd.once import plan_once
    from pacd.protocol.documents import to_json

    document = json.loads(to_json(plan_once(settings, library)))
    print(json.dumps({**document, "mode": "dry-run"}, indent=2))
    return 0


def _check(settings: "Settings") -> int:
    from pacd.assembly import preflight
    from pacd.tools.toolbox import RESAMPLER_REMEDY

    tools = preflight(settings)
    print(f"The configuration {settings.source} is good.")
    for library in settings.libraries():
        there = "" if library.root.is_dir() else "  (not there now)"
        print(f"library {library.name}: {library.root}{there}")
        for mirror in library.mirrors:
            print(f"  mirror {mirror.name}: {mirror.quality} in {mirror.root}")
    for name, version in tools.versions.items():
        print(f"{name} {version}")
    if settings.sections.flac.resample_to_cd and not tools.resampler:
        print(f"No resampler: masters above 44.1 kHz stay as they are. {RESAMPLER_REMEDY}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pacd", description="Keep FLAC libraries in order; with no option, as a daemon."
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="read this configuration")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="check configuration and tools")
    mode.add_argument("--once", action="store_true", help="one audit, carried out to rest")
    mode.add_argument(
        "--restore-backup",
        nargs="?",
        const="",
        metavar="FILE",
        help="put a backup, by default the newest sound one, in the database's place",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="with --once: print the plan, touch nothing"
    )
    parser.add_argument("--library", metavar="NAME", help="with --once: only this library")
    parser.add_argument("--version", action="version", version=f"pacd {VERSION}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
