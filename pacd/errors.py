"""What can go wrong, as types that carry what a person needs to know."""

from enum import StrEnum
from pathlib import Path


class FailureKind(StrEnum):
    """
    Why a step gave up; decides whether it is tried again.

    The value is what the store keeps: never rename one.
    """

    TOOL_FAILED = "tool-failed"
    TOOL_CRASHED = "tool-crashed"
    TIMED_OUT = "timed-out"
    OUT_OF_MEMORY = "out-of-memory"
    WORKER_DIED = "worker-died"
    INTERRUPTED = "interrupted"
    VERIFY_FAILED = "verify-failed"
    SOURCE_CHANGED = "source-changed"
    NOT_REGULAR = "not-regular"
    PERMISSION = "permission"
    NO_SPACE = "no-space"
    READ_ONLY = "read-only"
    TARGET_SHUT = "target-shut"
    ROOT_GONE = "root-gone"
    NO_WORKER = "no-worker"
    COLLISION = "collision"
    BAD_PICTURE = "bad-picture"
    IO = "io"
    INTERNAL = "internal"


class PacError(Exception):
    """
    Something PAC expects to go wrong; as text, sentences for people: what, and the fix.

    Attributes:
        kind: What a failed step is recorded as when this ends it.
        what: What went wrong.
        fix: How to mend it; empty where `what` says that, or nothing can be done.
        words: What the tool itself said, if one was involved; may be empty.
    """

    kind = FailureKind.INTERNAL

    def __init__(self, what: str, *, fix: str = "", words: str = "") -> None:
        super().__init__(f"{what} {fix}" if fix else what)
        self.what = what
        self.fix = fix
        self.words = words


class ConfigError(PacError):
    """The configuration is wrong; nothing was started (exit 78)."""


class PreflightError(PacError):
    """A program PAC cannot do without is missing (exit 3)."""


class BusyError(PacError):
    """Another pacd works on this state directory (exit 6)."""


class StoreError(PacError):
    """The database cannot be used; the old file stands as it was."""


class DamagedError(StoreError):
    """A file is no sound database; `words` is what is wrong with it."""


class UnwritableError(StoreError):
    """The disk of the database is full, fails or is read-only now; it may do again later."""


class UnknownError(PacError):
    """A path, a library or a hold that PAC does not know (exit 5)."""


class RefusedError(PacError):
    """The request makes sense, but not now or not from this caller (exit 6)."""


class StoppedError(RefusedError):
    """The engine takes no more questions: pacd is about to end (exit 6)."""

    def __init__(self) -> None:
        super().__init__("pacd is stopping; nothing was done.", fix="Ask again when it runs.")


class LateError(PacError):
    """The engine has not answered in time, but will do what it was asked for (exit 6)."""

    def __init__(self, waited_s: float) -> None:
        super().__init__(
            f"The daemon is busy and has not answered for {waited_s:g} s; what was asked for is "
            "done as soon as it can, unless pacd is stopped before.",
            fix="`pacctl status` tells what it is at.",
        )


class ToolError(PacError):
    """An external program ended with an error that says nothing of the audio."""

    kind = FailureKind.TOOL_FAILED


class ToolCrashedError(ToolError):
    """An external program was killed by a signal."""

    kind = FailureKind.TOOL_CRASHED


class ToolInterruptedError(ToolCrashedError):
    """An external program was ended from outside: that says nothing of the file."""

    kind = FailureKind.INTERRUPTED


class ToolTimeoutError(ToolError):
    """An external program ran longer than it may; its process group is gone."""

    kind = FailureKind.TIMED_OUT


class VerifyError(PacError):
    """What was written does not hold what it was made from; it was thrown away."""

    kind = FailureKind.VERIFY_FAILED


class SourceChangedError(PacError):
    """A file was written to while PAC worked on it; nothing was replaced."""

    kind = FailureKind.SOURCE_CHANGED

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path.name} changed while it was being worked on")


class OccupiedError(SourceChangedError):
    """Somebody else is at a file, or at what the bin holds of it, just now; it stays as it was."""

    def __init__(self, what: str) -> None:
        PacError.__init__(self, what)


class NotRegularError(PacError):
    """A name that should be a file is a link, a pipe, a device or a directory."""

    kind = FailureKind.NOT_REGULAR


class CollisionError(PacError):
    """A file that PAC did not make stands where PAC would write."""

    kind = FailureKind.COLLISION
