"""What integrity tests found (``flac_checks``) and how masters were encoded (``flac_policy``)."""

from datetime import datetime
from pathlib import PurePosixPath
from typing import Final

from pacd.domain.change import Observation
from pacd.domain.media import Track
from pacd.domain.verdict import Check, Integrity
from pacd.store.columns import content_columns, from_ms, plain, relative, to_ms
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

# A file that somebody has to look at is not about to be tested.
_UNTESTED: Final = """
    SELECT files.path FROM library_files AS files INDEXED BY idx_files_untested
    WHERE files.library_id = :library AND files.is_valid = 1 AND files.metadata IS NULL
        AND NOT EXISTS (
            SELECT 1 FROM flac_checks AS checks
            WHERE checks.device = files.device AND checks.inode = files.inode
                AND checks.file_size = files.file_size AND checks.mtime_ns = files.mtime_ns)
        AND NOT EXISTS (
            SELECT 1 FROM holds INDEXED BY idx_holds_folder
            WHERE holds.library_id = files.library_id AND holds.folder = files.folder
                AND holds.path = files.path AND holds.ended_at IS NULL)
"""

# Of a damaged file only what its header states is known.
_OF_AUDIO: Final = """
    SELECT files.path FROM flac_checks AS checks INDEXED BY idx_checks_md5
    CROSS JOIN library_files AS files INDEXED BY idx_files_content
        ON files.library_id = :library
        AND files.device = checks.device AND files.inode = checks.inode
        AND files.file_size = checks.file_size AND files.mtime_ns = checks.mtime_ns
        AND files.is_valid = 1
    WHERE checks.md5 = :md5
    UNION
    SELECT files.path FROM flac_checks AS checks INDEXED BY idx_checks_failed
    CROSS JOIN library_files AS files INDEXED BY idx_files_content
        ON files.library_id = :library
        AND files.device = checks.device AND files.inode = checks.inode
        AND files.file_size = checks.file_size AND files.mtime_ns = checks.mtime_ns
        AND files.is_valid = 1
    WHERE checks.test_ok = 0 AND checks.streaminfo_md5 = :md5
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

    def untested(self, library_id: int) -> tuple[PurePosixPath, ...]:
        """The files that wait for a verdict on their present bytes; held ones do not."""
        rows = self._connection.rows(_UNTESTED, {"library": library_id})
        return tuple(relative(row["path"]) for row in rows)

    def of_audio(self, library_id: int, md5: str) -> tuple[PurePosixPath, ...]:
        """The files whose audio has, or had before it was damaged, this MD5."""
        rows = self._connection.rows(_OF_AUDIO, {"library": library_id, "md5": md5})
        return tuple(relative(row["path"]) for row in rows)
