"""Which masters are examined for traces of lossy encoding, and what becomes of it; does nothing."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from pacd.domain.media import Tags, Track
from pacd.domain.plan import Facts
from pacd.domain.policy import AuthenticityPolicy, LibraryPolicy
from pacd.domain.verdict import Authenticity, Detector, Judgement, judged

_CD_BITS: Final = 16

_NO: Final = frozenset({"", "0", "no", "false"})
_LOSSY: Final = ("LOSSY", "LOSSYMASTERED", "LOSSY-MASTERED")
_WORD: Final = re.compile(r"[^\W_]+")

_STANDINGS: Final = {
    Authenticity.OK: "judged lossless",
    Authenticity.SUSPECT: "suspect",
    Authenticity.INCONCLUSIVE: "nothing could be told of its authenticity",
    Authenticity.ERROR: "its authenticity could not be judged",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """
    How one file stands.

    Attributes:
        status: None while nothing can be said, and where nobody wishes to know.
        reason: A clause for people; "" without a status.
        verdict: What it rests on; None of a file that is not examined.
    """

    status: Authenticity | None = None
    reason: str = ""
    verdict: Judgement | None = None


def skipped(track: Track, policy: AuthenticityPolicy) -> str | None:
    """
    Return why a master is not examined, a clause, or None where it is (A3).

    A tag says that a release was mastered lossy by its name, unless its value denies it;
    MASTERING by the word "lossy"; SOURCE and RELEASE by that word or one of the names.
    """
    bits = track.audio.bits_per_sample
    if policy.skip_highbit and bits > _CD_BITS:
        return f"it has {bits} bits"
    if policy.skip_lossy_mastered:
        return _said_lossy(track.tags, policy.skip_tags)
    return None


def _said_lossy(tags: Tags, names: Collection[str]) -> str | None:
    for name in names:
        for value in tags.all(name.upper()):
            if value.strip().lower() not in _NO:
                return f"its tags say {name.upper()}={value}"
    for key, words in (("MASTERING", _LOSSY), *((key, (*_LOSSY, *names)) for key in _ORIGINS)):
        for value in tags.all(key):
            if any(_words(word) <= _words(value) for word in words):
                return f"its tags say {key}={value}"
    return None


_ORIGINS: Final = ("SOURCE", "RELEASE")


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def unheard(judgement: Judgement | None, policy: AuthenticityPolicy) -> tuple[Detector, ...]:
    """The detectors that are there and have not been heard in their present version."""
    known = judgement.version_of if judgement else _never
    return tuple(each for each, version in policy.versions if known(each) != version)


def _never(_detector: Detector) -> str | None:
    return None


def listens(facts: Facts, policy: AuthenticityPolicy) -> bool:
    """
    Whether the builtin detector is to hear the decode of a test.

    What the tags say of a master is not known before its test: the step then decides.
    """
    if not policy.enabled or (facts.track and skipped(facts.track, policy)):
        return False
    return Detector.BUILTIN in unheard(facts.judgement, policy)


def authenticate_due(facts: Facts, policy: LibraryPolicy, _now: datetime) -> str | None:
    """A sound master is judged by every detector that is there, each version once (A6)."""
    wishes, before = policy.authenticity, facts.judgement
    if not _is_examined(facts, wishes):
        return None
    if before is None:
        return "its audio has never been judged" if wishes.versions else None
    for detector in unheard(before, wishes):
        version, now = before.version_of(detector), dict(wishes.versions)[detector]
        if version is None:
            return f"{detector.called} is there now and has not judged it"
        return f"{detector.called} {version} has judged it, and there is version {now} now"
    if drawing_due(counting(before, wishes), wishes):
        return "it is suspect and has no spectrogram yet"
    return None


def drawing_due(judgement: Judgement | None, policy: AuthenticityPolicy) -> bool:
    """Whether a picture is to be drawn of it: of a suspect, and one try is enough (A5)."""
    if policy.spectrogram is None or judgement is None or judgement.undrawn:
        return False
    return judgement.status is Authenticity.SUSPECT and judgement.spectrogram is None


def counting(judgement: Judgement | None, policy: AuthenticityPolicy) -> Judgement | None:
    """Return the verdict of the detectors that count; None where none of them was heard."""
    if judgement is None:
        return None
    found = [each for each in judgement.findings if each.detector in policy.detectors]
    if not found:
        return None
    new = judged(found, now=judgement.judged_at)
    return replace(new, spectrogram=judgement.spectrogram, undrawn=judgement.undrawn)


def suspicion(facts: Facts, policy: AuthenticityPolicy) -> Judgement | None:
    """
    Return the verdict that a person must look at, if there is one.

    One suspect is enough; an error waits until everyone has been heard.
    """
    verdict = counting(facts.judgement, policy) if _is_examined(facts, policy) else None
    if verdict is None or verdict.status is Authenticity.SUSPECT:
        return verdict
    complete = not unheard(facts.judgement, policy)
    return verdict if complete and verdict.status is Authenticity.ERROR else None


def standing(facts: Facts, policy: AuthenticityPolicy) -> Standing:
    """Return how a master stands now; without a status as long as not all have been heard."""
    if not policy.enabled or not _is_sound(facts) or facts.track is None:
        return Standing()
    reason = skipped(facts.track, policy)
    if reason:
        return Standing(Authenticity.SKIPPED, f"not examined: {reason}")
    verdict = suspicion(facts, policy)
    if verdict is None and not unheard(facts.judgement, policy):
        verdict = counting(facts.judgement, policy)
    if verdict is None:
        return Standing()
    return Standing(verdict.status, _STANDINGS[verdict.status], verdict)


def evidence(judgement: Judgement) -> Mapping[str, Any]:
    """Return what a hold shows of a verdict: every detector's sentence, numbers and words."""
    numbers = {each.detector.value: each.numbers for each in judgement.findings if each.numbers}
    words = [each.words for each in judgement.findings if each.words]
    undrawn = {"undrawn": judgement.undrawn} if judgement.undrawn else {}
    return {
        "judged": judgement.judged_at.isoformat(),
        **{each.detector.value: f"{each.status}: {each.sentence}" for each in judgement.findings},
        **undrawn,
        "numbers": numbers,
        "words": "\n".join(words),
    }


def _is_examined(facts: Facts, policy: AuthenticityPolicy) -> bool:
    if not policy.enabled or not _is_sound(facts) or facts.track is None:
        return False
    return skipped(facts.track, policy) is None


def _is_sound(facts: Facts) -> bool:
    return facts.check is not None and facts.check.integrity.sound
