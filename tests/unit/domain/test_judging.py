"""Findings of several detectors become one verdict."""

from itertools import product

import pytest

from pacd.domain.verdict import Authenticity, Detector, judged
from tests.builders import NOW, finding

STATUSES = [each for each in Authenticity if each is not Authenticity.SKIPPED]
OK, SUSPECT, INCONCLUSIVE, ERROR = STATUSES


@pytest.mark.parametrize(
    ("said", "verdict"),
    [
        ((OK,), OK),
        ((SUSPECT,), SUSPECT),
        ((INCONCLUSIVE,), INCONCLUSIVE),
        ((ERROR,), ERROR),
        ((OK, SUSPECT), SUSPECT),
        ((ERROR, SUSPECT), SUSPECT),
        ((INCONCLUSIVE, SUSPECT), SUSPECT),
        ((OK, ERROR), ERROR),
        ((INCONCLUSIVE, ERROR), ERROR),
        ((OK, INCONCLUSIVE), OK),
        ((INCONCLUSIVE, INCONCLUSIVE), INCONCLUSIVE),
        ((INCONCLUSIVE, OK, ERROR), ERROR),
        ((ERROR, OK, SUSPECT), SUSPECT),
    ],
)
def test_one_verdict(said: tuple[Authenticity, ...], verdict: Authenticity) -> None:
    """A4: any suspect, else any error, else any ok; inconclusive only where all are."""
    findings = [finding(status, who) for who, status in zip(Detector, said, strict=False)]

    assert verdict == judged(findings, now=NOW).status
    assert verdict == judged(findings[::-1], now=NOW).status


@pytest.mark.parametrize("said", list(product(STATUSES, repeat=3)))
def test_the_rationale_is_of_those_who_decided(said: tuple[Authenticity, ...]) -> None:
    """A4: the rationale names the detectors that said so and no other, in their order."""
    findings = [finding(status, who) for who, status in zip(Detector, said, strict=True)]
    verdict = judged(findings, now=NOW)
    deciding = [each for each in findings if each.status is verdict.status]
    told = "; ".join(f"{each.detector.called}: it is {verdict.status}" for each in deciding)

    assert told == verdict.rationale
    assert tuple(findings) == verdict.findings
