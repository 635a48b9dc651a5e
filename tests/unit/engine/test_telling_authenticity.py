"""What becomes of a verdict in words: for the history, the log and the counts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pacd.domain.hold import Cause
from pacd.domain.outcome import Authenticated, Done
from pacd.domain.plan import Action
from pacd.domain.policy import AuthenticityPolicy
from pacd.domain.verdict import Authenticity, Detector, joined
from pacd.engine.telling import tell, tell_standing
from pacd.engine.views import facts_view, hold_view
from pacd.planning.authenticity import standing
from tests.builders import NOW, facts, finding, hold, item, policy, track

ASKED = AuthenticityPolicy()


def told(status: Authenticity) -> Any:
    known = facts(judgement=joined(None, [finding(status, numbers={"edge_hz": 16_000})], now=NOW))
    return tell_standing(standing(known, ASKED))


@pytest.mark.parametrize(
    ("status", "event", "log", "count"),
    [
        (Authenticity.OK, "auth_ok", "ok", "auth_ok"),
        (Authenticity.SUSPECT, "auth_suspect", "suspect", "auth_suspect"),
        (Authenticity.INCONCLUSIVE, "auth_inconclusive", "ok", "auth_inconclusive"),
        (Authenticity.ERROR, "auth_error", "error", ""),
    ],
)
def test_a_verdict_is_told(status: Authenticity, event: str, log: str, count: str) -> None:
    """O1, 1.4: an event, a status of the log and a count for each; with all its evidence."""
    found = told(status)

    assert (event, log, count) == (found.event, found.status, found.count)
    assert f"PAC's own detector: it is {status}" in found.message
    assert {"builtin": {"edge_hz": 16_000}} == found.details["numbers"]


def test_a_skip_is_told() -> None:
    """A3, 1.4: with its reason."""
    found = tell_standing(standing(facts(track=track(bits=24)), ASKED))

    assert ("auth_skip", "skip", "auth_skipped") == (found.event, found.status, found.count)
    assert "not examined: it has 24 bits" == found.message


def test_what_was_heard_is_told_with_the_verdict() -> None:
    """O1: one line for a decision: the job has none of its own, but for its picture."""
    heard = Authenticated(track(), facts().observation, (finding(detector=Detector.LAC),))
    cases: list[tuple[dict[str, Any], tuple[str, str, str]]] = [
        ({}, ("", "ok", "LAC: ok")),
        ({"findings": ()}, ("", "ok", "not examined after all")),
        ({"spectrogram": Path("/p.png")}, ("spectrogram_ok", "ok", "/p.png drawn")),
        ({"undrawn": "no room"}, ("spectrogram_err", "warn", "no spectrogram: no room")),
    ]
    for more, expected in cases:
        found = tell(Done(item(Action.AUTHENTICATE), replace(heard, **more)))

        assert (*expected, "") == (found.event, found.status, found.message, found.count)


def test_why_has_every_finding() -> None:
    """1.3: `why` tells status, rationale, findings and picture; or why it is not examined."""
    judgement = joined(None, [finding(Authenticity.SUSPECT, numbers={"n": 1})], now=NOW)
    known = facts(judgement=replace(judgement, spectrogram=Path("/p.png")))
    wish = policy(authenticity=ASKED)

    assert {
        "status": "suspect",
        "reason": "PAC's own detector: it is suspect",
        "judged_at": "2026-11-21T12:00:00Z",
        "findings": [
            {
                "detector": "builtin",
                "version": "1",
                "status": "suspect",
                "sentence": "it is suspect",
                "numbers": {"n": 1},
            }
        ],
        "spectrogram": "/p.png",
    } == facts_view(known, wish)["authenticity"]
    assert {"status": "skipped", "reason": "not examined: it has 24 bits"} == facts_view(
        facts(track=track(bits=24)), wish
    )["authenticity"]
    assert "authenticity" not in facts_view(facts(), wish)


def test_a_hold_links_its_picture() -> None:
    """A5, 1.4: absolute, or null."""
    held = hold(Cause.SUSPECT)

    assert hold_view(policy(), held).spectrogram is None
    assert "/p.png" == hold_view(policy(), replace(held, spectrogram=Path("/p.png"))).spectrogram
