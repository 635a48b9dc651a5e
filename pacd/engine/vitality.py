"""Whether the daemon lives and is fit for work, for monitors (w57); asks the engine itself."""

from typing import Final

from pacd.engine.engine import Engine
from pacd.errors import StoppedError, StoreError
from pacd.protocol.documents import Health, Problem, ProblemKind, Verdict

ANSWER_S: Final = 5.0
"""How long the engine's thread may leave a question unanswered; its turns take far less."""

_RESTART: Final = "Restart pacd and report what its log says."


def health(engine: Engine, problems: tuple[Problem, ...], *, answer_s: float = ANSWER_S) -> Health:
    """
    Live: the engine turns and could write to its database.  Ready: nothing keeps it from its work.

    Failed is what is not live, degraded what has problems.
    """
    fault = _fault(engine, answer_s)
    if fault:
        dead = Problem(kind=ProblemKind.ENGINE_DEAD, what=fault, fix=_RESTART)
        return Health(verdict=Verdict.FAILED, live=False, ready=False, problems=(dead, *problems))
    degraded = any(each.degrades for each in problems)
    ready = not (degraded or engine.snapshot.starting or engine.stopping)
    verdict = Verdict.DEGRADED if degraded else Verdict.OK
    return Health(verdict=verdict, live=True, ready=ready, problems=problems)


def _fault(engine: Engine, answer_s: float) -> str:
    """Why it does not live, as a sentence; "" when it does."""
    if not engine.alive:
        return "The engine's thread has stopped."
    try:
        engine.inbox.call(lambda: _take_the_pen(engine)).result(answer_s)
    except TimeoutError:
        return f"The engine's thread has not answered for {answer_s:g} s."
    except StoppedError:
        return "The engine's thread has stopped."
    except StoreError as error:
        return str(error)
    return ""


def _take_the_pen(engine: Engine) -> None:
    """Begin to write to the database, and leave it at that."""
    with engine.store.transaction():
        pass
