"""Frame headers and checksums, on bytes."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pacd.files.flac_frames import Frame, frame_at, frame_ends, frames_from_end, is_whole
from tests.damage import crc, frame
from tests.effort import effort


def test_example_of_the_standard() -> None:
    """F1: the standard's own frame (RFC 9639, appendix D.1) is read, checksums and all."""
    data = bytes.fromhex("fff869180000bf0358fd03128baa9a")

    assert Frame(variable=False, number=0, samples=1) == frame_at(data, 0)
    assert is_whole(data, 16)
    assert [len(data)] == frame_ends(data + bytes(50), 16)


def test_a_damaged_frame_is_not_whole() -> None:
    """F1: one flipped bit anywhere is seen by one checksum or the other."""
    data = bytes.fromhex("fff869180000bf0358fd03128baa9a")
    bits = range(8 * len(data))

    damaged = [
        data[: n // 8] + bytes([data[n // 8] ^ 1 << n % 8]) + data[n // 8 + 1 :] for n in bits
    ]

    assert not any(frame_at(each, 0) and is_whole(each, 16) for each in damaged)


@pytest.mark.parametrize("ending", [b"\0", b"\0\0"])
def test_a_frame_may_end_in_zeros(ending: bytes) -> None:
    """F1: a checksum of 0x..00, as every 256th file has at its end, is no junk."""
    frames = (frame(1, constants(number >> 8, number & 0xFF)) for number in range(1 << 24))
    data = next(each for each in frames if each.endswith(ending))

    assert is_whole(data, 16)
    assert not is_whole(data + bytes(3), 16)
    assert [len(data)] == frame_ends(data + b"junk", 16)


@pytest.mark.parametrize(
    "silent",
    [
        pytest.param("fff8c91802cc 00599f 000000 0000", id="constants"),
        pytest.param("fff8c91802cc 00599f 000000 0000" + "00" * 3, id="three-of-padding"),
    ],
)
@pytest.mark.parametrize("padding", [0, 1, 5, 5_000])
def test_a_frame_that_ends_in_silence_and_a_checksum_of_zero(silent: str, padding: int) -> None:
    """F1, S9: its own zeros are not taken for those that somebody put behind the stream."""
    data = bytes.fromhex(silent)

    assert [14] == frame_ends(data + bytes(padding), 16)


def test_x2_a_frame_made_of_ends_is_measured_once() -> None:
    """X2, B5: six bytes are one more end with zeros behind; 100 KB of them took ten minutes."""
    head = bytes.fromhex("fff87978 00 ffff")  # eight channels of 65,536 samples
    head += bytes([crc(head, 0x07, 8)])
    body = head + bytes.fromhex("10 0000")  # order 0, Rice codes: long to read
    end = b"\0\0\0\1" + crc(b"\1", 0x8005, 16).to_bytes(2)
    few, many = (
        effort(partial(frame_ends, body + crc(body, 0x8005, 16).to_bytes(2) + end * ends, 16))
        for ends in (100, 800)
    )

    assert many < 10 * few


@pytest.mark.parametrize(
    ("head", "samples"),
    [
        pytest.param("fff81918 00", 192, id="code-1"),
        pytest.param("fff82918 00", 576, id="code-2"),
        pytest.param("fff85918 00", 4608, id="code-5"),
        pytest.param("fff86918 00 ff", 256, id="code-6-one-byte"),
        pytest.param("fff87918 00 ffff", 65_536, id="code-7-two-bytes"),
        pytest.param("fff8c918 00", 4096, id="code-12"),
        pytest.param("fff8f918 00", 32_768, id="code-15"),
        pytest.param("fff8cd18 00 ac44", 4096, id="rate-in-header"),
    ],
)
def test_block_sizes(head: str, samples: int) -> None:
    """F1: every way to state a block size (RFC 9639, section 9.1.1) is understood."""
    data = with_crc8(bytes.fromhex(head))

    assert Frame(variable=False, number=0, samples=samples) == frame_at(data, 0)


@pytest.mark.parametrize(
    ("coded", "number"),
    [
        pytest.param("7f", 127, id="one-byte"),
        pytest.param("c280", 128, id="two-bytes"),
        pytest.param("e0a080", 2048, id="three-bytes"),
        pytest.param("febfbfbfbfbfbf", (1 << 36) - 1, id="seven-bytes"),
    ],
)
def test_numbers(coded: str, number: int) -> None:
    """F1: frame numbers of every length (RFC 9639, section 9.1.5) are understood."""
    data = with_crc8(bytes.fromhex("fff9c918" + coded))

    frame = frame_at(data, 0)

    assert Frame(variable=True, number=number, samples=4096) == frame
    assert number + 4096 == frame.end_sample(fixed_block=192)


@given(some.binary(max_size=300))
def test_no_bytes_break_the_search(data: bytes) -> None:
    """X2: any bytes can be searched for frames."""
    found = [position for position, _frame in frames_from_end(data + b"\xff\xf8")]

    assert sorted(found, reverse=True) == found


def constants(left: int, right: int) -> bytes:
    """Two channels of 16 bits, each a constant (RFC 9639, section 9.2.1)."""
    return b"\0" + left.to_bytes(2) + b"\0" + right.to_bytes(2)


def with_crc8(head: bytes) -> bytes:
    """Add the checksum of a header, and what would follow."""
    return head + bytes([crc(head, 0x07, 8)]) + bytes(8)
