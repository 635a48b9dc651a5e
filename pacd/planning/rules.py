"""One rule per action: what is due, and why.  Decides; does nothing."""

from datetime import datetime

from pacd.domain.output import OutputState
from pacd.domain.plan import Action, Facts
from pacd.domain.policy import HardLinks, LibraryPolicy, MirrorPolicy
from pacd.domain.verdict import Integrity
from pacd.planning.compression import stated_level


def integrity_due(facts: Facts, policy: LibraryPolicy, now: datetime) -> str | None:
    """A master is tested when its bytes are new, and again when its verdict is old (F1)."""
    if facts.check is None:
        return "these bytes have never been tested"
    age = now - facts.check.tested_at
    if age <= policy.flac.verify_after:
        return None
    return f"last tested {age.days} days ago, the limit is {policy.flac.verify_after.days}"


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
    if not _links_in_the_way(facts, policy) or not rewrite_wanted(facts, policy, now):
        return None
    return f"it has {facts.observation.links} names, and rewriting it would separate them"


def _links_in_the_way(facts: Facts, policy: LibraryPolicy) -> bool:
    return facts.observation.links > 1 and policy.flac.hardlinks is HardLinks.SKIP


def output_due(facts: Facts, mirror: MirrorPolicy) -> tuple[Action, str] | None:
    """An output is encoded when its audio or quality differs, else retagged (M5)."""
    output = facts.outputs.get(mirror.name)
    if output is None or output.state in {OutputState.UNSEEN, OutputState.FOREIGN}:
        return None
    if output.state is OutputState.MISSING:
        words = (f"{mirror.name} has no output of it yet", output.renamed)
        return (Action.MIRROR_ENCODE, "; ".join(filter(None, words)))
    if output.src_md5 != facts.audio_md5:
        return (Action.MIRROR_ENCODE, "the audio has changed since its output was made")
    if output.quality != mirror.quality:
        reason = f"its output is {output.quality or 'of unknown quality'}, wanted {mirror.quality}"
        return (Action.MIRROR_ENCODE, reason)
    if facts.track and output.src_tags != mirror.tags_hash(facts.track.tags_md5):
        return (Action.MIRROR_RETAG, "tags or pictures have changed since its output was made")
    return None
