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

_NEWEST: Final = Path()
"""Stands, this very object, for the newest backup that is sound."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run pacd as its arguments say."""
    if sys.getfilesystemencoding() != "utf-8":
        # Names and tags are UTF-8 whatever the locale says: the same process begins anew.
        again = [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
        os.execv(sys.executable, again)  # noqa: S606  # its own interpreter, no shell
    arguments = _arguments(argv)
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

    named = arguments.config or os.environ.get("PACD_CONFIG")
    if arguments.restore_backup is not None and os.environ.get("STATE_DIRECTORY") and not named:
        from pacd.settings.places import state_dir

        # Typed as the message says, it needs no configuration, and no other one is asked.
        logs.configure("info", "auto")
        return _rescue(state_dir(os.environ)[0], arguments.restore_backup)
    settings = load()
    logs.configure(settings.daemon.log_level, settings.daemon.log_format)
    if arguments.check:
        return _check(settings)
    if arguments.restore_backup is not None:
        return _rescue(settings.state_dir, arguments.restore_backup)
    if arguments.once and arguments.dry_run:
        return _plan(settings, arguments.library)
    if arguments.once:
        from pacd.once import run_once

        summary, code = run_once(settings, arguments.library)
        print(json.dumps(summary, indent=2))
        return code
    from pacd.endurance import run_daemon

    return run_daemon(settings, load, os.environ)


def _rescue(directory: Path, backup: Path) -> int:
    from pacd.rescue import run_rescue

    print(run_rescue(directory, None if backup is _NEWEST else backup.absolute()))
    return 0


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


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """End with exit code 2 where an option would go unheeded: a dry run must not be a daemon."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    given = (("--dry-run", arguments.dry_run), ("--library", arguments.library is not None))
    for option, asked in given:
        if asked and not arguments.once:
            parser.error(f"argument {option}: only with --once")
    return arguments


def _path(text: str) -> Path:
    """Paths may not be empty: behind one is a shell variable that is not set."""
    if not text:
        raise argparse.ArgumentTypeError("an empty path")
    return Path(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pacd",
        description="Keep FLAC libraries in order; with no option, as a daemon.",
        allow_abbrev=False,
    )
    parser.add_argument("--config", type=_path, metavar="FILE", help="read this configuration")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--check", action="store_true", help="check configuration and tools")
    mode.add_argument("--once", action="store_true", help="one audit, carried out to rest")
    mode.add_argument(
        "--restore-backup",
        nargs="?",
        type=_path,
        const=_NEWEST,
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
