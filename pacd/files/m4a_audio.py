"""How many channels an MPEG-4 audio track has, from its sample description; pure."""

from typing import Final

# ISO/IEC 14496-3, table 1.19: channels by channelConfiguration.
_CHANNELS: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 14: 8}

# ISO/IEC 14496-12, section 12.2.3: bytes of the table before its first entry, and of an
# AudioSampleEntry before the boxes within; the channel count stands in the middle of it.
_TABLE_HEAD_BYTES: Final = 8
_ENTRY_HEAD_BYTES: Final = 36
_COUNT_AT: Final = 24

# ISO/IEC 14496-1, section 7.2.6: the descriptors on the way to the AudioSpecificConfig, and
# the bytes of each before the next one begins; and before the first, in the esds box.
_ES: Final = (0x03, 3)
_DECODER_CONFIG: Final = (0x04, 13)
_DECODER_SPECIFIC: Final = (0x05, 0)
_ESDS_HEAD_BYTES: Final = 12
_MORE: Final = 0x80  # the same, section 8.3.3: sizes are written in groups of seven bits
_MAX_SIZE_BYTES: Final = 4

# ISO/IEC 14496-3, section 1.6.2.1: five bits of object type, four of frequency index.
_ESCAPED_TYPE: Final = 31
_ESCAPED_RATE: Final = 15


def audio_config_channels(table: bytes) -> int:
    """
    Count the channels that the decoder will make.

    Args:
        table: What is in the stsd box.

    Returns:
        0 where the table is no AAC, or broken.
    """
    entry = table[_TABLE_HEAD_BYTES:]
    if entry[4:8] != b"mp4a" or len(entry) < _ENTRY_HEAD_BYTES:
        return 0
    counted = int.from_bytes(entry[_COUNT_AT : _COUNT_AT + 2])
    boxes = entry[_ENTRY_HEAD_BYTES:]
    if boxes[4:8] != b"esds":
        return 0
    rest = boxes[_ESDS_HEAD_BYTES:]
    for tag, skipped in (_ES, _DECODER_CONFIG, _DECODER_SPECIFIC):
        if not rest or rest[0] != tag:
            return 0
        size_bytes = next((n for n in range(1, len(rest)) if not rest[n] & _MORE), len(rest))
        if size_bytes > _MAX_SIZE_BYTES:
            return 0
        rest = rest[1 + size_bytes + skipped :]
    stated = _channel_configuration(rest)
    # 0 says that the frames themselves describe an unusual arrangement.
    return _CHANNELS.get(stated, 0) if stated else counted


def _channel_configuration(config: bytes) -> int:
    bits = "".join(f"{byte:08b}" for byte in config[:8]).ljust(64, "0")
    at = 5
    if int(bits[:5], 2) == _ESCAPED_TYPE:
        at += 6
    at += 4 + 24 * (int(bits[at : at + 4], 2) == _ESCAPED_RATE)
    return int(bits[at : at + 4], 2)
