"""Which covers a folder under way may export now."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from pacd.domain.plan import Action, PlanItem
from pacd.engine.gathering import album_of
from pacd.engine.visit import Visit
from pacd.planning.planner import plan_covers
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
        The items, and whether some have to wait for another folder.
    """
    tracks = tuple(visit.facts.values())
    album = album_of(store, visit.library_id, visit.policy, visit.place.folder, tracks)
    wanted = tuple(plan_covers(album, visit.policy, now))
    others = [each for each in visits if each is not visit]
    free = tuple(item for item in wanted if not _claimed(visit, item, others))
    return free, len(free) < len(wanted)


def _claimed(visit: Visit, item: PlanItem, others: Iterable[Visit]) -> bool:
    """Whether another folder, another disc perhaps, is exporting to the same place now."""
    return any(
        other.busy.exports_to(item.target)
        and other.policy.artwork.root == visit.policy.artwork.root
        for other in others
    )
