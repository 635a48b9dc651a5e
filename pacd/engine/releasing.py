"""What a person decides about a hold; changes the store and has the files looked at again."""

from collections.abc import Iterable
from datetime import UTC, datetime

from pacd.domain.hold import Hold
from pacd.engine.engine import Engine
from pacd.engine.locating import by_id
from pacd.engine.pipeline import Pipeline
from pacd.engine.recording import Recorder
from pacd.engine.views import hold_view
from pacd.engine.visit import Urgency
from pacd.errors import UnknownError
from pacd.intake.debounce import Place
from pacd.protocol.documents import Holds
from pacd.store.database import Store
from pacd.store.holds import Ending


def release_all(engine: Engine, ids: Iterable[int], *, accept: bool, who: str) -> Holds:
    """
    End holds, all or none of them, and say which; in the engine's thread.

    Raises:
        UnknownError: No open hold has one of these ids.
    """
    libraries = by_id(engine.pipeline.policy, engine.pipeline.library_ids)
    wanted = []
    for each in ids:
        record = engine.store.holds.get(each)
        if record is None or record.ended_at is not None or record.library_id not in libraries:
            raise no_hold(each)
        wanted.append((record.library_id, record.hold))
    for number, hold in wanted:
        release(
            engine.store,
            engine.recorder,
            engine.pipeline,
            number,
            hold,
            accept=accept,
            who=who,
            now=datetime.now(UTC),
        )
    ended = tuple(hold_view(libraries[number], hold) for number, hold in wanted)
    return Holds(holds=ended, libraries=tuple(each.name for each in libraries.values()))


def no_hold(number: int) -> UnknownError:
    """What is said of a number that is no open hold's."""
    return UnknownError(f"There is no open hold {number}.", fix="`pacctl holds` lists them.")


def release(
    store: Store,
    recorder: Recorder,
    pipeline: Pipeline,
    library_id: int,
    hold: Hold,
    *,
    accept: bool,
    who: str,
    now: datetime,
) -> None:
    """
    End a hold, in one transaction with what has its file looked at again (H2).

    Released, the file is judged and tried anew; accepted, so are all of its audio.
    """
    record = store.holds.get(hold.id)
    if record is None or record.ended_at:
        return  # it ended meanwhile, perhaps with one of the same audio
    names = {number: name for name, number in pipeline.library_ids.items()}
    how = Ending.ACCEPTED if accept else Ending.RELEASED
    ending = ((library_id, hold), *(_alike(store, hold) if accept else ()))
    ending = tuple((number, each) for number, each in ending if number in names)
    with store.transaction():
        if not accept:
            store.jobs.clear_setbacks(library_id, hold.path)
            if hold.observation:
                store.verdicts.forget(hold.observation)
            if hold.cause.is_of_authenticity:
                store.authenticity.forget(hold.audio_md5)
        for number, each in ending:
            store.folders.disturb(number, each.path.parent)
            recorder.end_hold(number, names[number], each, how, who=who, now=now)
    for number, each in ending:
        pipeline.want(Place(names[number], each.path.parent), Urgency.LIVE)


def _alike(store: Store, hold: Hold) -> tuple[tuple[int, Hold], ...]:
    """The other open holds of the same audio and cause; two damaged files never hold the same."""
    if hold.cause.is_damage:
        return ()
    return tuple(
        (number, each)
        for number, each in store.holds.all_open()
        if hold.audio_md5
        and each.id != hold.id
        and (each.cause, each.audio_md5) == (hold.cause, hold.audio_md5)
    )
