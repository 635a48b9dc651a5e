"""Brings files back from the recycle bins, and lists what lies there."""

import secrets
from datetime import datetime
from pathlib import PurePosixPath

import structlog

from pacd.domain.policy import LibraryPolicy
from pacd.domain.recycled import Recycled
from pacd.engine.engine import Engine
from pacd.engine.presence import available
from pacd.engine.views import rfc3339
from pacd.engine.visit import Urgency
from pacd.errors import (
    CollisionError,
    OccupiedError,
    PacError,
    RefusedError,
    SourceChangedError,
    UnknownError,
)
from pacd.files import recycle
from pacd.files.probe import stated_md5
from pacd.files.recycled_about import entry_name
from pacd.files.regular import observe
from pacd.intake.debounce import Place
from pacd.protocol.documents import Bin, RecycledView, Restored
from pacd.store.recycled import Leaving, Lying

_log = structlog.get_logger()

_LEFT = {
    Leaving.RESTORED: "was brought back already",
    Leaving.EXPIRED: "was removed when its time was over",
    Leaving.EMPTIED: "was removed from the recycle bin by somebody",
}


def lying(engine: Engine, *, now: datetime) -> Bin:
    """Take stock of all bins, and list what lies in them; in the engine's thread."""
    policy, ids = engine.pipeline.policy, engine.pipeline.library_ids
    files = []
    for library in policy.libraries:
        away = not engine.bins.in_reach(library, ids[library.name])
        if not away:
            engine.bins.take_stock(library, ids[library.name], policy.retention, now=now)
        for each in engine.store.recycled.lying(ids[library.name]):
            until = each.recycled.at + policy.retention
            files.append(_view(library, each, until, away=away))
    return Bin(
        files=tuple(files),
        size_bytes=sum(each.size_bytes for each in files),
        retention_days=policy.retention.days,
    )


def restore(engine: Engine, number: int, who: str, *, now: datetime) -> Restored:
    """
    Bring a file back to where it stood; in the engine's thread.

    What PAC itself made of it, and still stands there, goes into the bin in its stead.

    Raises:
        UnknownError: Nothing of this number lies in a bin.
        RefusedError: Another file stands there, it is being worked on, or its disk is away.
    """
    library, found = _found(engine, number)
    recycled = found.recycled
    _require_idle(engine, library, recycled.path)
    standing = _standing(library, recycled, now)
    _put_back(library, found, standing)
    with engine.store.transaction():
        engine.store.recycled.end(number, Leaving.RESTORED, now=now)
        engine.store.jobs.clear_setbacks(found.library_id, recycled.path)
        engine.store.folders.disturb(found.library_id, recycled.path.parent)
        if standing:
            engine.store.recycled.add(found.library_id, standing)
        told = {"message": f"brought back from the recycle bin by {who}", "who": who}
        engine.store.history.add(
            found.library_id, recycled.path, recycled.audio_md5, "restored", told, now=now
        )
    engine.pipeline.want(Place(library.name, recycled.path.parent), Urgency.LIVE)
    path = str(recycled.path)
    _log.info("restored", action="restore", status="ok", library=library.name, path=path, who=who)
    in_stead = _number_of(engine, found.library_id, standing) if standing else None
    return Restored(id=number, library=library.name, path=path, exchanged=in_stead)


def _put_back(library: LibraryPolicy, found: Lying, standing: Recycled | None) -> None:
    """Move the file; what is in its way is exchanged for it, or refuses it."""
    root, recycled = library.root, found.recycled
    try:
        if standing:
            recycle.exchange(root, recycled, standing)
        else:
            recycle.bring_back(root, recycled)
    except OccupiedError as error:
        raise RefusedError(
            f"{recycled.path} is being worked on just now: {error}.",
            fix=f"Once that has ended, `pacctl restore {found.id}` again.",
        ) from error
    except (CollisionError, SourceChangedError) as error:
        raise RefusedError(
            f"{root / recycled.path} is there, and PAC never writes over a file.",
            fix=f"Move it away, then `pacctl restore {found.id}` again.",
        ) from error
    except OSError as error:
        raise PacError(
            f"{root / recycled.path} could not be brought back: {error.strerror or error}.",
            fix="It lies in the recycle bin still.",
        ) from error


def _found(engine: Engine, number: int) -> tuple[LibraryPolicy, Lying]:
    """Return a file that lies in a bin now, and its library."""
    found = engine.store.recycled.get(number)
    names = {each: name for name, each in engine.pipeline.library_ids.items()}
    name = names.get(found.library_id) if found else None
    library = engine.pipeline.policy.library(name) if name else None
    if found is None or library is None:
        fix = "`pacctl restore` lists what lies there."
        raise UnknownError(f"Nothing in a recycle bin has the number {number}.", fix=fix)
    if found.left:
        raise UnknownError(f"{found.recycled.path} {_LEFT[found.left]}.")
    if not available(library.root):
        raise RefusedError(
            f"Library {library.name} is not there now ({library.root}), nor is its recycle bin.",
            fix="Mount the disk that holds it, then again.",
        )
    if not recycle.place_of(library.root, found.recycled).is_file():
        raise UnknownError(f"{found.recycled.path} {_LEFT[Leaving.EMPTIED]}.")
    return library, found


def _require_idle(engine: Engine, library: LibraryPolicy, path: PurePosixPath) -> None:
    """A worker that has just begun to replace a file would replace what is brought back."""
    for running in engine.dispatch.running.values():
        work = running.work
        if work.item and (work.visit.policy.name, work.item.path) == (library.name, path):
            raise RefusedError(
                f"{path} is being worked on just now.", fix="`pacctl wait`, then again."
            )


def _standing(library: LibraryPolicy, recycled: Recycled, now: datetime) -> Recycled | None:
    """What PAC made of a file and stands in its place, as the bin is to know it; None for none."""
    target = library.root / recycled.path
    try:
        there = observe(target)
    except (OSError, PacError):
        return None  # nothing, or nothing of PAC's: it is never written over
    if not recycled.made_md5 or stated_md5(target) != recycled.made_md5:
        return None
    return Recycled(
        entry=entry_name(now, secrets.token_hex(4)),
        path=recycled.path,
        at=now,
        reason="made room for its original, which was brought back",
        inode=there.inode,
        size_bytes=there.size_bytes,
        mtime_ns=there.mtime_ns,
        audio_md5=recycled.made_md5,
        made_md5=recycled.audio_md5,
    )


def _number_of(engine: Engine, library_id: int, recycled: Recycled) -> int | None:
    lying = engine.store.recycled.lying(library_id)
    return next((each.id for each in lying if each.recycled.entry == recycled.entry), None)


def _view(library: LibraryPolicy, each: Lying, until: datetime, *, away: bool) -> RecycledView:
    recycled = each.recycled
    return RecycledView(
        id=each.id,
        library=library.name,
        path=str(recycled.path),
        since=rfc3339(recycled.at) or "",
        until=rfc3339(until) or "",
        reason=recycled.reason,
        size_bytes=recycled.size_bytes,
        md5=recycled.audio_md5,
        away=away,
    )
