"""What the headers of an output say of its audio, whatever its container; a value."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stream:
    """
    The audio of an output as players will find it.

    Attributes:
        rate_hz: Of the samples that are counted.
        samples: Decoded length per channel, without what the encoder put before and behind.
        complete: Whether the file is whole and does not contradict itself.
    """

    rate_hz: int
    channels: int
    samples: int
    complete: bool
