"""What integrity tests found (``flac_checks``) and how masters were encoded (``flac_policy``)."""

from datetime import datetime
from typing import Final

from pacd.domain.change import Observation
from pacd.domain.media import Track
from pacd.domain.verdict import Check, Integrity
from pacd.store.columns import content_columns, from_ms, plain, to_ms
from pacd.store.connection import Connection

_CHECK_OF: Final = """
    SELECT md5, last_test_ts, test_msg, verdict, words, tool
    FROM flac_checks
    WHERE device = :device AND inode = :inode
        AND file_size = :file_size AND mtime_ns = :mtime_ns
"""

_RECORD: Final = """
    INSERT INTO flac_checks (
        device, inode, file_size, mtime_ns, md5, last_test_ts, test_ok, test_msg,
        verdict, words, tool, streaminfo_md5, bit_depth, sample_rate, channels
    ) VALUES (
        :device, :inode, :file_size, :mtime_ns, :md5, :tested, :ok, :message,
        :verdict, :words, :tool, :stated, :bits, :rate, :channels
    )
    ON CONFLICT (device, inode) DO UPDATE SET
        file_size = excluded.file_size, mtime_ns = excluded.mtime_ns, md5 = excluded.md5,
        last_test_ts = excluded.last_test_ts, test_ok = excluded.test_ok,
        test_msg = excluded.test_msg, verdict = excluded.verdict, words = excluded.words,
        tool = excluded.tool, streaminfo_md5 = excluded.streaminfo_md5,
        bit_depth = excluded.bit_depth, sample_rate = excluded.sample_rate,
        channels = excluded.channels
"""

_FORGET: Final = """
    DELETE FROM flac_checks
    WHERE device = :device AND inode = :inode
        AND file_size = :file_size AND mtime_ns = :mtime_ns
"""

_RECOMPRESSED: Final = """
    INSERT INTO flac_policy (md5, compression_level, last_compress_ts, compression_tag)
    VALUES (:md5, :level, :now, :tag)
    ON CONFLICT (md5) DO UPDATE SET
        compression_level = excluded.compression_level,
        last_compress_ts = excluded.last_compress_ts,
        compression_tag = excluded.compression_tag
"""


class Verdicts:
    """Verdicts on bytes: they follow a file that is moved, and end with any change of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def check_of(self, observation: Observation) -> Check | None:
        """The last verdict on exactly these bytes, by device, inode, size and mtime."""
        row = self._connection.row(_CHECK_OF, content_columns(observation))
        if row is None:
            return None
        return Check(
            integrity=Integrity(row["verdict"]),
            audio_md5=row["md5"],
            message=row["test_msg"],
            words=row["words"],
            tool=row["tool"],
            tested_at=from_ms(row["last_test_ts"]),
        )

    def record(self, check: Check, track: Track | None, observation: Observation) -> None:
        """Keep a verdict in place of any older one on the same inode."""
        audio = track.audio if track else None
        self._connection.run(
            _RECORD,
            {
                **content_columns(observation),
                "md5": check.audio_md5,
                "tested": to_ms(check.tested_at),
                "ok": check.integrity.sound,
                "message": plain(check.message),
                "verdict": check.integrity,
                "words": plain(check.words),
                "tool": check.tool,
                "stated": track.audio_md5 if track else None,
                "bits": audio.bits_per_sample if audio else None,
                "rate": audio.sample_rate_hz if audio else None,
                "channels": audio.channels if audio else None,
            },
        )

    def forget(self, observation: Observation) -> None:
        """Drop the verdict on bytes that no longer exist."""
        self._connection.run(_FORGET, content_columns(observation))

    def recompressed(self, md5: str, level: int, tag: str, *, now: datetime) -> None:
        """Keep how the master of a recording was last encoded."""
        self._connection.run(
            _RECOMPRESSED, {"md5": md5, "level": level, "tag": plain(tag), "now": to_ms(now)}
        )
