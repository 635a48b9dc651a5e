"""The pictures that outputs carry, made from those of a master (M6)."""

from collections.abc import Sequence
from typing import Final

from pacd.domain.media import FRONT_COVER
from pacd.domain.policy import MirrorPolicy
from pacd.files.covers import PNG, CoverError, scaled, sniff
from pacd.files.flac_fields import EmbeddedPicture

_ICON: Final = 1  # RFC 9639, section 8.8: a PNG of 32x32 pixels, at most one
_ONCE: Final = frozenset({_ICON, 2})  # the same: nor more than one other icon
_MAX_PICTURES: Final = 32  # there are 21 types; a hostile file may have thousands
_KIB: Final = 1024


def mirror_pictures(
    found: Sequence[EmbeddedPicture], mirror: MirrorPolicy
) -> tuple[tuple[EmbeddedPicture, ...], tuple[str, ...]]:
    """
    Bring pictures into the form that players show: baseline JPEG, within the mirror's limits.

    Args:
        found: As the master has them; the bytes may be anything.

    Returns:
        The pictures, the front cover first, and what was lost, each a sentence.
    """
    fitted: list[EmbeddedPicture] = []
    lost: list[str] = []
    seen: set[int] = set()
    ordered = sorted(found, key=lambda each: each.type != FRONT_COVER)
    if len(ordered) > _MAX_PICTURES:
        lost.append(f"{len(ordered) - _MAX_PICTURES} of {len(ordered)} pictures")
    for picture in ordered[:_MAX_PICTURES]:
        if picture.type in _ONCE and picture.type in seen:
            lost.append(f"another picture of type {picture.type}: there may be one only")
            continue
        seen.add(picture.type)
        try:
            data, mime = _fitted(picture, mirror)
        except CoverError as error:
            lost.append(f"picture of type {picture.type}, {picture.mime[:40]!r}: {error}")
            continue
        fitted.append(EmbeddedPicture(picture.type, mime, picture.description, data))
    return tuple(fitted), tuple(lost)


def _fitted(picture: EmbeddedPicture, mirror: MirrorPolicy) -> tuple[bytes, str]:
    max_bytes = mirror.art_max_kib * _KIB
    if picture.type == _ICON and sniff(picture.data) == PNG and len(picture.data) <= max_bytes:
        return picture.data, PNG
    return scaled(picture.data, mirror.art_max_px, max_bytes)
