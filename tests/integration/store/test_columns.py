"""How values lie in columns: everything comes back as it went in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from pacd.domain.change import Observation
from pacd.domain.media import AudioFormat, Tags, Track
from pacd.store.columns import from_ms, to_json, to_ms, track_json, track_of
from pacd.store.database import Store
from tests.integration.store.examples import NOW, PATH, SEEN, TRACK

_S = 1_000_000_000


def test_a_time_keeps_its_milliseconds() -> None:
    """S2: times are Unix milliseconds, whatever zone they came in."""
    moment = datetime(2026, 11, 21, 13, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=1)))

    assert datetime(2026, 11, 21, 12, 0, 0, 123_000, tzinfo=UTC) == from_ms(to_ms(moment))
    assert -1 == to_ms(from_ms(-1))


def test_a_time_without_zone_is_a_mistake() -> None:
    """S2: a naive datetime is refused rather than guessed at."""
    with pytest.raises(TypeError):
        to_ms(datetime(2026, 11, 21))  # noqa: DTZ001  # the mistake itself


@pytest.mark.parametrize(
    "track",
    [TRACK, Track(AudioFormat(0, 0, 0, 0), "", Tags(), "")],
    ids=["full", "empty"],
)
def test_a_track_survives(track: Track) -> None:
    """S2: metadata keeps all that planning needs of a header, quirks and pictures too."""
    assert track == track_of(track_json(track))


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(replace(SEEN, inode=2**64 - 1, device=2**63), id="64-bit-inode"),
        pytest.param(replace(SEEN, mtime_ns=-2_147_483_648 * _S), id="1901"),
        pytest.param(replace(SEEN, mtime_ns=-1, ctime_ns=0), id="1969"),
        pytest.param(replace(SEEN, mtime_ns=2**63), id="2262"),
        pytest.param(replace(SEEN, mtime_ns=16_299_260_425 * _S), id="2486"),
    ],
)
def test_an_observation_survives(store: Store, library: int, seen: Observation) -> None:
    """W2: what was recorded equals what is seen, at the ends of what file systems can say."""
    store.tracks.seen(library, PATH, seen, now=NOW)
    known = store.tracks.known(library, PATH)

    assert known is not None
    assert seen == known.observation


def test_a_time_no_column_can_hold_is_no_crash(store: Store, library: int) -> None:
    """S1: a file dated 3000 is recorded like any other."""
    assert store.tracks.seen(library, PATH, replace(SEEN, mtime_ns=2**65), now=NOW)


def test_json_is_always_valid(store: Store, library: int) -> None:
    """S2: details are valid JSON whatever a step measured or a name holds."""
    details: dict[Any, Any] = {
        "floor_db": float("-inf"),
        "name": "\udcff\n",
        "path": Path("/a"),
        3: {NOW},
    }
    text = to_json(details)

    assert 1 == store._connection.value("SELECT json_valid(?)", (text,))
    store.history.add(library, PATH, "", "auth_ok", details, now=NOW)
    kept = store.history.latest(limit=1)[0].details
    assert {"floor_db": None, "name": "\udcff\n", "path": "/a", "3": [str(NOW)]} == kept
