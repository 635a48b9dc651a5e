"""Finds the programs PAC calls, once; the result is sent to every worker."""

from collections.abc import Mapping
from dataclasses import dataclass

from pacd.tools.flac import Flac
from pacd.tools.opusenc import Opusenc


@dataclass(frozen=True, slots=True)
class Toolbox:
    """
    The programs that are there.

    Attributes:
        opusenc: None where it is missing.
    """

    flac: Flac
    opusenc: Opusenc | None

    @property
    def versions(self) -> Mapping[str, str]:
        """Version of each program, by its name."""
        found = {"flac": self.flac.version}
        return found | ({"opusenc": self.opusenc.version} if self.opusenc else {})


def find_tools() -> Toolbox:
    """
    Look for all programs.

    Raises:
        PreflightError: One that PAC cannot do without is missing.
    """
    return Toolbox(Flac.find(), Opusenc.find())
