"""One rule per action: what is due, and why.  Decides; does nothing."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from operator import gt, lt
from typing import Final

from pacd.domain.media import CD, AudioFormat
from pacd.domain.output import Output, OutputState
from pacd.domain.plan import Action, Facts, Setback
from pacd.domain.policy import HardLinks, LibraryPolicy, MirrorPolicy
from pacd.domain.verdict import Integrity
from pacd.planning.compression import stated_level

_BYTE: Final = 8
_MAKING: Final = frozenset({Action.MIRROR_ENCODE, Action.MIRROR_RENAME, Action.MIRROR_RETAG})

CLOCK_SLACK: Final = timedelta(days=1)
"""
By how much what is on record may be ahead of the clock: its hour may have been taken for UTC.
What is further ahead was written by a clock that was wrong, and says nothing (w11, w40).
"""


def integrity_due(facts: Facts, policy: LibraryPolicy, now: datetime) -> str | None:
    """A master is tested when its bytes are new, and again when its verdict is old (F1)."""
    if facts.check is None:
        return "these bytes have never been tested"
    age = now - facts.check.tested_at
    if age < -CLOCK_SLACK:
        tested = f"{facts.check.tested_at:%Y-%m-%d}"
        return f"its last test is dated {tested}, which is still to come: the clock was wrong"
    if age <= policy.flac.verify_after:
        return None
    return f"last tested {age.days} days ago, the limit is {policy.flac.verify_after.days}"


def resample_wanted(facts: Facts, policy: LibraryPolicy, _now: datetime) -> str | None:
    """Why a sound master should be brought to CD form, were nothing in the way (F6)."""
    track, flac = facts.track, policy.flac
    if facts.check is None or track is None or not facts.check.integrity.sound:
        return None
    if not flac.resample_to_cd or facts.restored or not track.audio.above_cd:
        return None
    if needs_resampler(track.audio) and not flac.resampler:
        return None
    audio, wanted = track.audio, track.audio.in_cd_form
    return f"{audio.where(gt, CD)}: brought to {wanted.where(lt, audio)}"


def resample_due(facts: Facts, policy: LibraryPolicy, now: datetime) -> str | None:
    """A master above CD form is brought to it, unless it has other names to keep (F3, F6)."""
    return None if _links_in_the_way(facts, policy) else resample_wanted(facts, policy, now)


def above_cd(facts: Facts, policy: LibraryPolicy) -> str | None:
    """Why a master above CD form is left as it is, a clause; None where it is not above."""
    above = facts.track.audio.where(gt, CD) if facts.track else ""
    if not above or not facts.track:
        return None
    if facts.restored:
        return f"{above}, left so: somebody brought it back from the recycle bin"
    if not policy.flac.resample_to_cd:
        return f"{above}, left so (resample_to_cd = false)"
    if needs_resampler(facts.track.audio) and not policy.flac.resampler:
        return f"{above}, left so: ffmpeg with libsoxr, which would resample it, is not installed"
    return above


def needs_resampler(audio: AudioFormat) -> bool:
    """Whether PAC cannot bring audio to CD form by itself: at another rate, or of an odd depth."""
    return audio.sample_rate_hz > CD.sample_rate_hz or audio.bits_per_sample % _BYTE != 0


def rewrite_wanted(facts: Facts, policy: LibraryPolicy, _now: datetime) -> str | None:
    """Why a sound master should be written anew, were nothing in the way (F2, F4, F5)."""
    if facts.check is None or facts.track is None or not facts.check.integrity.sound:
        return None
    if facts.check.integrity is Integrity.NO_MD5:
        return "its header has no audio MD5"
    if facts.track.quirks:
        return " and ".join(quirk.words for quirk in sorted(facts.track.quirks))
    target = policy.flac.target_compression
    level = stated_level(facts.track.compression)
    if level is None:
        return f"no COMPRESSION tag says its level, the target is {target}"
    return f"its level is {level}, the target is {target}" if level < target else None


def recompress_due(facts: Facts, policy: LibraryPolicy, now: datetime) -> str | None:
    """A master that should be rewritten is, unless it has other names to keep (F3, F4)."""
    return None if _links_in_the_way(facts, policy) else rewrite_wanted(facts, policy, now)


def hardlinked(facts: Facts, policy: LibraryPolicy, now: datetime) -> str | None:
    """A person is asked when only its other names keep a master from being rewritten."""
    wanted = resample_wanted(facts, policy, now) or rewrite_wanted(facts, policy, now)
    if not _links_in_the_way(facts, policy) or not wanted:
        return None
    return f"it has {facts.observation.links} names, and rewriting it would separate them"


def _links_in_the_way(facts: Facts, policy: LibraryPolicy) -> bool:
    return facts.observation.links > 1 and policy.flac.hardlinks is HardLinks.SKIP


def output_due(facts: Facts, mirror: MirrorPolicy) -> tuple[Action, str] | None:
    """
    An output is encoded only when no output holds this audio; else renamed, or retagged (M5).

    Nothing is due as long as it cannot be told whether one does.
    """
    output = facts.outputs.get(mirror.name)
    if output is None or output.state in {OutputState.UNSEEN, OutputState.FOREIGN}:
        return None
    other_audio = _other_audio(facts, output, mirror)
    if other_audio:
        return _moved_or_new(facts, mirror, other_audio)
    due = outdated(output, mirror)
    if due:
        return (Action.MIRROR_ENCODE, due)
    # Some file systems list all names in lower case: one try is enough, and the tags tell of it.
    if output.listed and output.source_rel != facts.path:
        return (Action.MIRROR_RENAME, f"its output is listed as {output.listed}")
    due = _said_otherwise(facts, output, mirror)
    return (Action.MIRROR_RETAG, due) if due else None


def overtaken(facts: Facts, mirror: MirrorPolicy) -> Iterator[Setback]:
    """
    Name the failures to make an output that is as it should be all the same.

    Its name was given to it, and then its folder could not be synced (decision 0017).
    """
    output = facts.outputs.get(mirror.name)
    if output and output.state is OutputState.OURS and output_due(facts, mirror) is None:
        for each in facts.setbacks:
            if each.mirror == mirror.name and each.action in _MAKING:
                yield each


def _other_audio(facts: Facts, output: Output, mirror: MirrorPolicy) -> str | None:
    if output.state is OutputState.MISSING:
        named = f"; {output.renamed}" if output.renamed else ""
        return f"{mirror.name} has no output of it yet{named}"
    if output.src_md5 != facts.audio_md5:
        return "the audio has changed since its output was made"
    return None


def _said_otherwise(facts: Facts, output: Output, mirror: MirrorPolicy) -> str | None:
    """Why the tags of an output are not what they should be."""
    if output.source_rel != facts.path:
        return f"its output says that it was made from {output.source_rel}"
    if facts.track and output.src_tags != mirror.tags_hash(facts.track.tags_md5):
        return "tags or pictures have changed since its output was made"
    return None


def _moved_or_new(facts: Facts, mirror: MirrorPolicy, reason: str) -> tuple[Action, str] | None:
    if mirror.name in facts.awaited:
        return None
    spare = facts.spares.get(mirror.name)
    if spare:
        return (Action.MIRROR_RENAME, f"its output stands at {spare.path}, which no master wants")
    return (Action.MIRROR_ENCODE, reason)


def outdated(output: Output, mirror: MirrorPolicy) -> str | None:
    """Why an output of the right audio is encoded anew."""
    if output.quality != mirror.quality:
        return f"its output is {output.quality or 'of unknown quality'}, wanted {mirror.quality}"
    if mirror.encoder and not output.encoder.startswith(mirror.encoder):
        return f"its output was made by {output.encoder or 'nobody knows'}, now by {mirror.encoder}"
    return None


Rule = Callable[[Facts, LibraryPolicy, datetime], str | None]

REWRITES: Final[tuple[tuple[Action, Rule], ...]] = (
    (Action.RESAMPLE, resample_due),
    (Action.RECOMPRESS, recompress_due),
)
"""What replaces masters, in the order in which it is done (P2): nothing is encoded twice."""
