"""How long FLAC subframes are, found by reading their codes and no sample's value; pure."""

from typing import Final

_CONSTANT: Final = 0b000000  # RFC 9639, section 9.2.1, as the next five
_VERBATIM: Final = 0b000001
_FIXED: Final = range(0b001000, 0b001101)
_LINEAR: Final = range(0b100000, 0b1000000)
_TYPE_BITS: Final = 6
_INVALID_PRECISION: Final = 0b1111  # RFC 9639, section 9.2.6
_PARAMETER_BITS: Final = {0b00: 4, 0b01: 5}  # RFC 9639, section 9.2.7
_ESCAPED_BITS: Final = 5  # RFC 9639, section 9.2.7.1


class NoSubframeError(ValueError):
    """The bytes are no subframes of a sound frame, or end before it does."""


class _Bits:
    """Reads bits from a position on, the highest of each byte first."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self.position = position

    def number(self, bits: int) -> int:
        """Read a number of so many bits, no more than 37."""
        first, behind = self.position >> 3, self.position + bits
        self.skip(bits)
        window = int.from_bytes(self._data[first : first + 6].ljust(6, b"\0"))
        return window >> (first * 8 + 48 - behind) & (1 << bits) - 1

    def skip(self, bits: int) -> None:
        self.position += bits
        if self.position > 8 * len(self._data):
            raise NoSubframeError

    def unary(self) -> int:
        """Read how many zeros there are before the next one, and that."""
        begin, byte = self.position, self.position >> 3
        rest = self._data[byte] & 0xFF >> (begin & 7) if byte < len(self._data) else 0
        while not rest:
            byte += 1
            if byte >= len(self._data):
                raise NoSubframeError
            rest = self._data[byte]
        self.position = 8 * byte + 9 - rest.bit_length()
        return self.position - begin - 1


def end_of_subframes(data: bytes, start: int, depths: tuple[int, ...], samples: int) -> int:
    """
    Find where the subframes of a frame end, padded to a whole byte (RFC 9639, section 9.2).

    Args:
        data: Holds the whole frame; what follows does not matter.
        start: Where its header ends.
        depths: Bits per sample of each channel, as they are coded.
        samples: Per channel.

    Raises:
        NoSubframeError: They make no sense, or data ends before they do.
    """
    bits = _Bits(data, 8 * start)
    for depth in depths:
        _subframe(bits, depth, samples)
    return (bits.position + 7) // 8


def _subframe(bits: _Bits, depth: int, samples: int) -> None:
    kind = bits.number(1 + _TYPE_BITS)  # its first bit is 0
    if bits.number(1):
        depth -= bits.unary() + 1  # RFC 9639, section 9.2.2: wasted bits
    if depth < 1:
        raise NoSubframeError
    if kind == _CONSTANT:
        bits.skip(depth)
    elif kind == _VERBATIM:
        bits.skip(depth * samples)
    elif kind in _FIXED:
        order = kind - _FIXED.start
        bits.skip(order * depth)
        _residual(bits, order, samples)
    elif kind in _LINEAR:
        order = kind - _LINEAR.start + 1
        bits.skip(order * depth)
        _coefficients(bits, order)
        _residual(bits, order, samples)
    else:
        raise NoSubframeError


def _coefficients(bits: _Bits, order: int) -> None:
    precision = bits.number(4)
    if precision == _INVALID_PRECISION:
        raise NoSubframeError
    bits.skip(5 + order * (precision + 1))


def _residual(bits: _Bits, order: int, samples: int) -> None:
    """Pass over a coded residual (RFC 9639, section 9.2.7)."""
    parameter_bits = _PARAMETER_BITS.get(bits.number(2))
    if parameter_bits is None:
        raise NoSubframeError
    partitions = 1 << bits.number(4)
    left, escape = samples // partitions - order, (1 << parameter_bits) - 1
    if left < 0 or samples % partitions:
        raise NoSubframeError
    for _partition in range(partitions):
        parameter = bits.number(parameter_bits)
        if parameter == escape:
            bits.skip(bits.number(_ESCAPED_BITS) * left)
        else:
            for _sample in range(left):
                bits.unary()
                bits.skip(parameter)
        left = samples // partitions
