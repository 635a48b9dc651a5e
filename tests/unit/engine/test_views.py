"""What clients are shown of what the engine knows."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

import pytest

from pacd.engine import views
from pacd.store.history import HistoryEntry

_AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("event", "details", "status", "message"),
    [
        ("flac_test_ok", {"message": "intact", "reason": "never tested"}, "ok", "intact"),
        ("flac_test_err", {"message": "cut off"}, "error", "cut off"),
        ("recompress_skip", {"message": "", "reason": "level 5"}, "skip", "level 5"),
        ("moved", {"from": "A/1.flac"}, "ok", "from A/1.flac"),
        (
            "release",
            {"cause": "corrupt", "how": "accepted", "who": "uid 0 pid 7"},
            "ok",
            "corrupt: accepted by uid 0 pid 7",
        ),
        (
            "hold_ended",
            {"cause": "corrupt", "how": "replaced", "who": ""},
            "ok",
            "corrupt: replaced",
        ),
        ("hold", {"cause": "corrupt", "reason": "cut off"}, "warn", "corrupt: cut off"),
    ],
)
def test_every_entry_of_the_history_says_what_happened(
    event: str, details: Mapping[str, Any], status: str, message: str
) -> None:
    """O1: each line has its status and a clause for people."""
    entry = HistoryEntry(1, _AT, 1, PurePosixPath("B/1.flac"), "", event, details)
    view = views.history_view("music", entry)

    assert (status, message) == (view.status, view.message)
    assert ("2026-11-21T12:00:00Z", "music", "B/1.flac") == (view.at, view.library, view.path)
