"""Makes and retags the outputs of a mirror; the master is only read."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from pacd import VERSION
from pacd.domain.change import Observation
from pacd.domain.job import Job
from pacd.domain.media import FRONT_COVER, Track
from pacd.domain.plan import Mirrored, Output, OutputState
from pacd.errors import (
    CollisionError,
    NotRegularError,
    SourceChangedError,
    ToolCrashedError,
    ToolError,
    ToolTimeoutError,
    VerifyError,
)
from pacd.files.atomic import creating, observe, observe_open, open_regular
from pacd.files.covers import PNG, CoverError, scaled, sniff
from pacd.files.flac_fields import EmbeddedPicture
from pacd.files.opus import (
    audio_digest,
    length_matches,
    read_comments,
    read_opus,
    set_output_gain,
    write_comments,
)
from pacd.files.probe import read_pictures, read_tags
from pacd.files.tags import PAC_KEYS, PacTags, opus_tags, picture_comment
from pacd.tools.patience import patience_s
from pacd.tools.toolbox import OPUS_REMEDY, OpusEncoder, Toolbox

_ICON: Final = 1  # RFC 9639, section 8.8: a PNG of 32x32 pixels, at most one
_ONCE: Final = frozenset({_ICON, 2})  # the same: nor more than one other icon
_MAX_PICTURES: Final = 32  # there are 21 types; a hostile file may have thousands
_KIB: Final = 1024


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
    encoder = tools.opus
    if encoder is None:
        raise ToolError(f"no Opus encoder is installed: {OPUS_REMEDY}")
    with _unchanged(job) as work:
        expected = _standing(work.target)
        with work.creating(expected) as scratch:
            _encode(work, scratch, tools, encoder)
            pac = work.pac_tags(encoder.name)
            lost = _dress(work, scratch, pac)
            _require_unchanged(work)
    return Mirrored(_output(work, pac), encoded=True, lost=lost)


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
        before = _pac_tags(work.target)
        if before.src_md5 != job.facts.audio_md5:
            raise SourceChangedError(work.target)
        pac = replace(
            before,
            source_rel=job.item.path,
            src_tags=job.mirror.tags_hash(work.track.tags_md5),
            version=VERSION,
        )
        with work.creating(expected) as scratch:
            with scratch.open("wb") as new:
                shutil.copyfileobj(old, new)
            lost = _dress(work, scratch, pac)
            _require_unchanged(work)
    return Mirrored(_output(work, pac), encoded=False, lost=lost)


@contextmanager
def _unchanged(job: Job) -> Iterator[_Work]:
    """Open the master, if it still is what the facts tell of."""
    if job.facts.track is None:
        raise SourceChangedError(job.source)
    try:
        source = open_regular(job.source)
    except FileNotFoundError as error:
        raise SourceChangedError(job.source) from error
    with source:
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


def _standing(target: Path) -> Observation | None:
    """Look at what is to be replaced; None when nothing stands there."""
    try:
        seen = observe(target)
    except FileNotFoundError:
        return None
    except NotRegularError as error:
        raise CollisionError(str(error)) from error
    _pac_tags(target)
    return seen


def _pac_tags(target: Path) -> PacTags:
    try:
        pac = PacTags.of(read_comments(target, only=frozenset(PAC_KEYS)))
    except VerifyError:
        pac = None
    if pac is None:
        raise CollisionError(f"{target} was not made by PAC: it has no PAC_SRC_MD5 tag")
    return pac


def _encode(work: _Work, scratch: Path, tools: Toolbox, encoder: OpusEncoder) -> None:
    """
    Encode the master as it is; where that does not give all of it, as flac decodes it.

    opusenc 0.2 refuses an ID3v2 tag before the stream, and reads nothing, with exit code
    0, where STREAMINFO states too small a block (corpus: faulty/01).
    """
    # Where the header tells no length to compare, flac's MD5 check has to show it.
    if encoder.reads_flac and work.track.audio.total_samples:
        try:
            return _encode_from(work, scratch, encoder, ())
        except (ToolCrashedError, ToolTimeoutError):
            raise
        except (ToolError, VerifyError):
            pass
    decoder = (tools.flac.executable, "--decode", "--stdout", "--silent", "-")
    return _encode_from(work, scratch, encoder, decoder)


def _encode_from(
    work: _Work, scratch: Path, encoder: OpusEncoder, decoder: Sequence[str | Path]
) -> None:
    audio = work.track.audio
    encoder.encode(
        work.source,
        scratch,
        bitrate_kbps=work.job.mirror.bitrate_kbps,
        channels=audio.channels,
        timeout_s=patience_s(work.job.facts.observation.size_bytes) + audio.duration_s,
        decoder=decoder,
    )
    made = read_opus(scratch)
    if not made.complete or made.channels != audio.channels or not length_matches(audio, made):
        raise VerifyError(
            f"{encoder.name} made {made.samples} samples at 48000 Hz in {made.channels} channels "
            f"of {audio.total_samples} at {audio.sample_rate_hz} Hz in {audio.channels}"
        )


def _dress(work: _Work, scratch: Path, pac: PacTags) -> tuple[str, ...]:
    """Write all tags and pictures, and prove that the audio stayed; return what was lost."""
    audio = audio_digest(scratch)
    carried = opus_tags(read_tags(work.job.source), work.job.mirror.opus_gain)
    lost: list[str] = list(carried.lost)
    pictures = tuple(_pictures(work, lost))
    write_comments(scratch, (*pac.pairs, *carried.pairs, *pictures))
    if read_opus(scratch).output_gain != carried.output_gain:
        set_output_gain(scratch, carried.output_gain)
    if audio_digest(scratch) != audio:
        raise VerifyError(f"writing tags changed the audio of {work.target.name}")
    if PacTags.of(read_comments(scratch, only=frozenset(PAC_KEYS))) != pac:
        raise VerifyError(f"tags did not arrive in {work.target.name}")
    return tuple(lost)


def _pictures(work: _Work, lost: list[str]) -> Iterator[tuple[str, str]]:
    """The pictures a mirror carries, as comments, the front cover first (M6)."""
    seen: set[int] = set()
    found = read_pictures(work.job.source)
    pictures = sorted(found, key=lambda each: each.type != FRONT_COVER)
    if len(pictures) > _MAX_PICTURES:
        lost.append(f"{len(pictures) - _MAX_PICTURES} of {len(pictures)} pictures")
    for picture in pictures[:_MAX_PICTURES]:
        if picture.type in _ONCE and picture.type in seen:
            lost.append(f"another picture of type {picture.type}: there may be one only")
            continue
        seen.add(picture.type)
        try:
            data, mime = _fitted(picture, work)
        except CoverError as error:
            lost.append(f"picture of type {picture.type}, {picture.mime[:40]!r}: {error}")
            continue
        yield picture_comment(picture.type, mime, picture.description, data)


def _fitted(picture: EmbeddedPicture, work: _Work) -> tuple[bytes, str]:
    mirror = work.job.mirror
    max_bytes = mirror.art_max_kib * _KIB
    if picture.type == _ICON and sniff(picture.data) == PNG and len(picture.data) <= max_bytes:
        return picture.data, PNG
    return scaled(picture.data, mirror.art_max_px, max_bytes)


def _output(work: _Work, pac: PacTags) -> Output:
    return Output(
        work.relative,
        OutputState.OURS,
        src_md5=pac.src_md5,
        quality=pac.quality,
        src_tags=pac.src_tags,
        encoder=pac.encoder,
        observation=observe(work.target),
    )
