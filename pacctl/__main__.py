"""Where pacctl begins and ends: exit codes, Ctrl-C, a closed pipe."""

from __future__ import annotations

import os
import sys

from pacctl.cli import perform
from pacctl.failure import Failure
from pacd.protocol.wire import Exit, escape

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from collections.abc import Sequence

_PIPE_CLOSED = 141  # 128 + SIGPIPE, as a shell reports a program that it ended


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out one command line; return what to exit with."""
    try:
        ending = perform(sys.argv[1:] if argv is None else argv, os.environ)
        sys.stdout.flush()
    except Failure as exc:
        _complain(exc)
        return exc.exit
    except BrokenPipeError:
        # The reader has seen enough.  What is still in the buffer must not
        # fail once more when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return _PIPE_CLOSED
    except KeyboardInterrupt:
        import warnings  # noqa: PLC0415  # only now: `status` must be quick

        # It may come between the making of a socket and the block that closes it.
        warnings.simplefilter("ignore", ResourceWarning)
        sys.stderr.write("\n")
        return Exit.INTERRUPTED
    return ending


def _complain(failure: Failure) -> None:
    sys.stdout.flush()
    lines = [*failure.lines, *(f"    {line}" for line in failure.words.splitlines())]
    sys.stderr.write("pacctl: " + "".join(f"{escape(line)}\n" for line in lines))


if __name__ == "__main__":
    sys.exit(main())
