"""Which covers a folder under way may export now."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from pacd.domain.plan import Action, Album, PlanItem
from pacd.engine.gathering import album_of
from pacd.engine.visit import Visit
from pacd.planning.planner import covers_due, inherited_covers, plan_covers
from pacd.planning.setbacks import setback_of
from pacd.store.database import Store

MIRRORING: Final = frozenset(
    {Action.MIRROR_ENCODE, Action.MIRROR_RETAG, Action.MIRROR_RENAME, Action.MIRROR_COPY}
)
"""What has no part in which covers are wanted."""


def free_covers(
    store: Store, visit: Visit, visits: Iterable[Visit], *, now: datetime
) -> tuple[tuple[PlanItem, ...], bool]:
    """
    Return the covers that are due and that nobody else is exporting to the place of.

    Args:
        visits: All that are under way.

    Returns:
        The items, and whether some have to wait for another folder; none where the root is in
        doubt: a cover that seems to be nobody's may be that of a master on the disk that is away.
    """
    if visit.doubted:
        return (), False
    tracks = tuple(visit.facts.values())
    album = album_of(store, visit.library_id, visit.policy, visit.place.folder, tracks)
    visit.covers_away = visit.policy.artwork.enabled and not album.covers_wanted
    if album.covers_wanted:
        _inherit(store, visit, album)
        _forgive(store, visit, album)
    wanted = tuple(plan_covers(album, visit.policy, now))
    others = [each for each in visits if each is not visit]
    free = tuple(item for item in wanted if not _claimed(visit, item, others))
    return free, len(free) < len(wanted)


def _inherit(store: Store, visit: Visit, album: Album) -> None:
    """Record whose those covers are that a master left which was moved, or is no more."""
    inherited = tuple(inherited_covers(album, visit.policy))
    if not inherited:
        return
    with store.transaction():
        for each in inherited:
            track = visit.facts[each.source].track
            md5 = track.audio_md5 if track else ""
            store.exports.hand_on(visit.library_id, each.target, each.source, md5)


def _forgive(store: Store, visit: Visit, album: Album) -> None:
    """Forget failures to export what is not to be exported any more; their holds end then."""
    due = {wanted.source for wanted, _reason in covers_due(album, visit.policy)}
    for path, facts in visit.facts.items():
        if path not in due and setback_of(facts, Action.EXPORT_ARTWORK):
            store.jobs.clear_setbacks(visit.library_id, path, Action.EXPORT_ARTWORK)
            visit.again = True


def _claimed(visit: Visit, item: PlanItem, others: Iterable[Visit]) -> bool:
    """Whether another folder, another disc perhaps, is exporting to the same place now."""
    return any(
        other.busy.exports_to(item.target)
        and other.policy.artwork.root == visit.policy.artwork.root
        for other in others
    )
