"""What the engine writes into its database, one transaction each, by the code it does it with."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from structlog.testing import capture_logs

from faults.scene import UNUSABLE, UNWRITABLE, Scene
from pacd.domain.hold import Cause
from pacd.domain.outcome import Done, Failed, Mirrored, Outcome, Tested
from pacd.domain.plan import Action, Facts, PlanItem
from pacd.engine.events import Events
from pacd.engine.recording import Recorder
from pacd.errors import FailureKind
from pacd.store.database import Store
from pacd.store.holds import Ending
from tests.builders import PHONE, item, policy
from tests.integration.store.examples import HEARD, INTACT, NOW, OUTPUT, PATH, SEEN, TRACK

_OLD: Final = Path(__file__).resolve().parent.parent / "tests" / "data" / "state_v2.sql"

_FRESH: Final = Facts(PATH, SEEN)
_KNOWN: Final = Facts(PATH, SEEN, TRACK, INTACT)
_TEST: Final = item(Action.TEST, str(PATH))
_ENCODE: Final = item(Action.MIRROR_ENCODE, str(PATH), mirror=PHONE.name, target=OUTPUT.path)
_HOLD: Final = item(Action.HOLD, str(PATH), cause=Cause.VERIFY_FAILED, evidence={"links": 2})

_TESTED: Final = Done(_TEST, Tested(INTACT, TRACK, SEEN, tuple(HEARD.findings)))
_MIRRORED: Final = Done(_ENCODE, Mirrored(OUTPUT, encoded=True, lost=("MOOD: why not",)))
_FAILED: Final = Failed(_ENCODE, FailureKind.TOOL_FAILED, "it went wrong", words="ERROR")


def _database(base: Path) -> Path:
    return base / "state" / "pacd.db"


@contextmanager
def _recorder(base: Path) -> Iterator[tuple[Store, Recorder, int]]:
    """Open what the engine has open; yield the library's id as well."""
    store = Store.open(_database(base), now=NOW)
    try:
        with capture_logs():
            yield store, Recorder(store, Events(now=NOW)), store.libraries.all()[0].id
    finally:
        store.close()


def _set_up(base: Path, at_work: PlanItem, *before: Outcome) -> None:
    """A job under way, after others of its kind."""
    store = Store.open(_database(base), now=NOW)
    store.libraries.sync({policy().name: policy().root})
    store.close()
    with _recorder(base) as (_store, recorder, library):
        for outcome in before:
            _tell(recorder, library, outcome)
        recorder.started(library, policy().name, at_work, now=NOW)


def _tell(recorder: Recorder, library: int, outcome: Outcome) -> None:
    job = recorder.started(library, policy().name, outcome.item, now=NOW)
    recorder.outcome(job, library, policy(), _KNOWN, outcome, now=NOW)


def _record(base: Path, facts: Facts, outcome: Outcome, known: Callable[[Store], bool]) -> None:
    """Record what came of the last job, unless that is known."""
    with _recorder(base) as (store, recorder, library):
        if not known(store):
            job = _last_job(base)
            recorder.outcome(job, library, policy(), facts, outcome, now=NOW)


def _last_job(base: Path) -> int:
    with closing(sqlite3.connect(_database(base))) as connection:
        (found,) = connection.execute("SELECT max(id) FROM jobs").fetchone()
    return int(found)


def _is_tested(store: Store) -> bool:
    return store.verdicts.check_of(SEEN) is not None


def _is_mirrored(store: Store) -> bool:
    library = store.libraries.all()[0].id
    return OUTPUT.path in store.outputs.in_folder(library, PHONE.name, PATH.parent)


def _has_failed(store: Store) -> bool:
    return bool(store.jobs.setbacks(store.libraries.all()[0].id, PATH.parent))


def _hold(base: Path) -> None:
    """Twice is once: the planner asks for a hold whenever it looks."""
    with _recorder(base) as (_store, recorder, library):
        recorder.hold(library, policy().name, _KNOWN, _HOLD, now=NOW)


def _set_up_held(base: Path) -> None:
    _set_up(base, _ENCODE, _TESTED)
    _hold(base)


def _end_hold(base: Path) -> None:
    with _recorder(base) as (store, recorder, library):
        for _library, each in store.holds.all_open():
            recorder.end_hold(library, policy().name, each, Ending.ACCEPTED, who="anna", now=NOW)


def _set_up_old(base: Path) -> None:
    _database(base).parent.mkdir()
    with closing(sqlite3.connect(_database(base))) as connection:
        connection.executescript(_OLD.read_text(encoding="utf-8"))


def _migrate(base: Path) -> None:
    Store.open(_database(base), now=NOW).close()


RECORDS: Final = (
    Scene(
        "database: a test",
        partial(_set_up, at_work=_TEST),
        partial(_record, facts=_FRESH, outcome=_TESTED, known=_is_tested),
        raises=UNWRITABLE,
    ),
    Scene(
        "database: an output",
        lambda base: _set_up(base, _ENCODE, _TESTED, _FAILED),
        partial(_record, facts=_KNOWN, outcome=_MIRRORED, known=_is_mirrored),
        raises=UNWRITABLE,
    ),
    Scene(
        "database: a failure",
        lambda base: _set_up(base, _ENCODE, _TESTED),
        partial(_record, facts=_KNOWN, outcome=_FAILED, known=_has_failed),
        raises=UNWRITABLE,
    ),
    Scene(
        "database: a hold", lambda base: _set_up(base, _ENCODE, _TESTED), _hold, raises=UNWRITABLE
    ),
    Scene("database: the end of a hold", _set_up_held, _end_hold, raises=UNWRITABLE),
    Scene(
        "database: a migration",
        _set_up_old,
        _migrate,
        raises=UNUSABLE,
    ),
)
"""Beside faults.scenes, of which the last two are of the database, too."""
