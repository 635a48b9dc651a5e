"""Makes and retags the outputs of a mirror; the master is only read."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pacd import VERSION
from pacd.domain.change import Observation
from pacd.domain.job import Job
from pacd.domain.media import Track
from pacd.domain.outcome import Mirrored
from pacd.errors import (
    CollisionError,
    NotRegularError,
    SourceChangedError,
    ToolCrashedError,
    ToolError,
    ToolTimeoutError,
    VerifyError,
)
from pacd.files.atomic import creating, observe, observe_open, open_own, open_regular
from pacd.files.containers import CONTAINERS, Container, Dress
from pacd.files.mirror_art import mirror_pictures
from pacd.files.probe import read_pictures, read_tags
from pacd.files.renaming import exchange, move, same_entry
from pacd.files.tags import PacTags
from pacd.steps.encoding import Encoding, encoding_for
from pacd.steps.ours import our_output, our_output_at
from pacd.steps.source import opened_source
from pacd.tools.patience import patience_s
from pacd.tools.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class _Work:
    """One output to be, and the bytes of the master it is made from."""

    job: Job
    track: Track
    source: BinaryIO

    @property
    def target(self) -> Path:
        return self.job.mirror.root / self.relative

    @property
    def container(self) -> Container:
        return CONTAINERS[self.job.mirror.codec]

    @property
    def relative(self) -> PurePosixPath:
        if self.job.item.target is None:
            raise VerifyError(f"no output is named for {self.job.item.path}")
        return self.job.item.target

    def creating(self, expected: Observation | None) -> AbstractContextManager[Path]:
        """Make the output, whole or not at all, if its mirror's root is still in place."""
        root = self.job.mirror.root
        root_id = self.job.roots.get(root)
        return creating(self.target, root=root, expected=expected, root_id=root_id)

    def pac_tags(self, encoder: str) -> PacTags:
        """What a new output states of its origin."""
        return PacTags(
            src_md5=self.job.facts.audio_md5,
            encoder=encoder,
            quality=self.job.mirror.quality,
            source_rel=self.job.item.path,
            src_tags=self.job.mirror.tags_hash(self.track.tags_md5),
        )


def mirror_encode(job: Job, tools: Toolbox) -> Mirrored:
    """
    Encode a master, dress the output in its tags and pictures, and put it in place.

    The output gets its name whole, or not at all (M12).

    Raises:
        CollisionError: Something stands there that PAC did not make.
        SourceChangedError: The master is not what was tested.
        VerifyError: The output is not as long as the master (M7), or lost its tags.
        ToolError: No encoder could read the master.
    """
    with _unchanged(job) as work:
        encoding = encoding_for(job.mirror, work.track.audio, tools)
        expected = _standing(work)
        with work.creating(expected) as scratch:
            _encode(work, scratch, tools, encoding)
            pac = work.pac_tags(encoding.name)
            lost = _dress(work, scratch, pac)
            _require_unchanged(work)
    return Mirrored(our_output(work.relative, pac, observe(work.target)), encoded=True, lost=lost)


def mirror_retag(job: Job, tools: Toolbox) -> Mirrored:  # noqa: ARG001  # all steps are called alike
    """
    Write tags and pictures of an output anew; its audio packets stay as they are.

    Raises:
        CollisionError: What stands there is not PAC's.
        SourceChangedError: Master or output are not what the plan was made for.
        VerifyError: The audio would not have stayed, or the tags did not arrive.
    """
    with _unchanged(job) as work, open_regular(work.target) as old:
        expected = observe_open(old, work.target)
        before = _pac_tags(work)
        if before.src_md5 != job.facts.audio_md5:
            raise SourceChangedError(work.target)
        pac = replace(
            before,
            source_rel=job.item.path,
            src_tags=job.mirror.tags_hash(work.track.tags_md5),
            version=VERSION,
        )
        with work.creating(expected) as scratch:
            with open_own(scratch) as new:
                shutil.copyfileobj(old, new)
            lost = _dress(work, scratch, pac)
            _require_unchanged(work)
    return Mirrored(our_output(work.relative, pac, observe(work.target)), encoded=False, lost=lost)


def mirror_rename(job: Job, tools: Toolbox) -> Mirrored:
    """
    Give an output that stands elsewhere its place, and say in its tags where its master is.

    What stood in that place, another master's output, takes the place it had.

    Raises:
        CollisionError: What stands there is not PAC's.
        SourceChangedError: Master or output are not what the plan was made for.
        VerifyError: As mirror_retag.
    """
    root, root_id = job.mirror.root, job.roots.get(job.mirror.root)
    if job.item.origin is None:
        raise VerifyError(f"no output is named that {job.item.path} could have")
    origin = root / job.item.origin
    displaced = False
    with _unchanged(job) as work:
        seen = _its_own(work, origin)
        standing = _standing(work)
        same = same_entry(origin, work.target)
        displaced = standing is not None and standing.content != seen.content and not same
        (exchange if displaced else move)(origin, work.target, root=root, root_id=root_id)
    done = mirror_retag(job, tools)
    other = our_output_at(job.item.origin, origin) if displaced else None
    return replace(done, moved_from=job.item.origin, displaced=other)


def _its_own(work: _Work, origin: Path) -> Observation:
    """Look at an output that is to be renamed: it must hold the master's audio."""
    try:
        seen = observe(origin)
        pac = work.container.read_pac_tags(origin)
    except (FileNotFoundError, NotRegularError, VerifyError) as error:
        raise SourceChangedError(origin) from error
    if pac is None or pac.src_md5 != work.job.facts.audio_md5:
        raise SourceChangedError(origin)
    return seen


@contextmanager
def _unchanged(job: Job) -> Iterator[_Work]:
    """Open the master, if it still is what the facts tell of."""
    if job.facts.track is None:
        raise SourceChangedError(job.source)
    with opened_source(job) as source:
        work = _Work(job, job.facts.track, source)
        _require_unchanged(work)
        yield work


def _require_unchanged(work: _Work) -> None:
    path, expected = work.job.source, work.job.facts.observation
    try:
        unchanged = observe_open(work.source, path) == observe(path) == expected
    except FileNotFoundError:
        unchanged = False
    if not unchanged:
        raise SourceChangedError(path)


def _standing(work: _Work) -> Observation | None:
    """Look at what is to be replaced; None when nothing stands there."""
    try:
        seen = observe(work.target)
    except FileNotFoundError:
        return None
    except NotRegularError as error:
        raise CollisionError(str(error)) from error
    _pac_tags(work)
    return seen


def _pac_tags(work: _Work) -> PacTags:
    try:
        pac = work.container.read_pac_tags(work.target)
    except VerifyError:
        pac = None
    if pac is None:
        raise CollisionError(f"{work.target} was not made by PAC: it has no PAC_SRC_MD5 tag")
    return pac


def _encode(work: _Work, scratch: Path, tools: Toolbox, encoding: Encoding) -> None:
    """
    Encode the master as it is; where that does not give all of it, as flac decodes it.

    opusenc 0.2 refuses an ID3v2 tag before the stream, and reads nothing, with exit code
    0, where STREAMINFO states too small a block (corpus: faulty/01).
    """
    # Where the header tells no length to compare, flac's MD5 check has to show it.
    if encoding.reads_flac and work.track.audio.total_samples:
        try:
            return _encode_from(work, scratch, encoding, ())
        except (ToolCrashedError, ToolTimeoutError):
            raise
        except (ToolError, VerifyError):
            pass
    return _encode_from(work, scratch, encoding, tools.flac.decoder(work.track.audio))


def _encode_from(
    work: _Work, scratch: Path, encoding: Encoding, decoder: Sequence[str | Path]
) -> None:
    audio = work.track.audio
    timeout_s = patience_s(work.job.facts.observation.size_bytes) + audio.duration_s
    encoding.run(work.source, scratch, timeout_s, decoder)
    made = work.container.read_stream(scratch)
    matches = work.container.length_matches(audio, made)
    if not made.complete or made.channels != encoding.channels or not matches:
        raise VerifyError(
            f"{encoding.name} made {made.samples} samples at {made.rate_hz} Hz in {made.channels} "
            f"channels of {audio.total_samples} at {audio.sample_rate_hz} Hz in {audio.channels}"
        )


def _dress(work: _Work, scratch: Path, pac: PacTags) -> tuple[str, ...]:
    """Write all tags and pictures, and prove that the audio stayed; return what was lost."""
    container = work.container
    audio = container.audio_digest(scratch)
    pictures, lost = mirror_pictures(read_pictures(work.source), work.job.mirror)
    tags = read_tags(work.source)
    unsaid = container.dress(scratch, Dress(pac, tags, pictures, work.job.mirror.opus_gain))
    if container.audio_digest(scratch) != audio:
        raise VerifyError(f"writing tags changed the audio of {work.target.name}")
    if container.read_pac_tags(scratch) != pac:
        raise VerifyError(f"tags did not arrive in {work.target.name}")
    return (*unsaid, *lost)
