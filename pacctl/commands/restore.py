"""`restore`: what lies in the recycle bin, and how it comes back."""

from __future__ import annotations

from pacctl.failure import Failure
from pacctl.phrases import local, several, size
from pacctl.render import Column, Painted, Screen
from pacd.protocol.wire import Exit

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from pacctl.session import Command, Session
    from pacd.protocol.recycled import Bin, Restored

# What may come of one of several, the worse the later; anything else ends the command.
_WORSE = (Exit.OK, Exit.NOT_FOUND, Exit.REFUSED, Exit.FAILED)
_COLUMNS = (
    Column("id", right=True),
    Column("library"),
    Column("until"),
    Column("size", right=True),
    Column("path", share=1, middle=True),
)


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "ids", metavar="ID", type=int, nargs="*", help="their numbers; without one, all are listed"
    )


def _restore(arguments: Namespace, session: Session) -> int:
    numbers: list[int] = list(dict.fromkeys(arguments.ids))
    if not numbers:
        session.say(session.client.get("restore"), _records, _listed)
        return Exit.OK
    if len(numbers) == 1:
        session.say(session.client.post("restore", {"id": numbers[0]}), _record, _restored)
        return Exit.OK
    session.lines = True
    return max((_one_of_several(each, session) for each in numbers), key=_WORSE.index)


def _one_of_several(number: int, session: Session) -> int:
    """
    Restore a file and tell what came of it; that one cannot be keeps no other.

    Raises:
        Failure: There is no daemon to ask any more.
    """
    try:
        answer = session.client.post("restore", {"id": number})
    except Failure as failure:
        if failure.exit not in _WORSE:
            raise
        _refused(number, failure, session)
        return failure.exit
    if session.json:
        session.screen.message("restored", answer.document)
    else:
        session.say(answer, _record, _restored)
    return Exit.OK


def _refused(number: int, failure: Failure, session: Session) -> None:
    if session.json:
        session.fail(failure, id=number)
    elif session.plain:
        session.screen.record("failed", number, failure.exit, str(failure))
    else:
        session.warn(f"{number}: {failure}")


def _records(screen: Screen, document: Bin) -> None:
    for each in document.files:
        head = (each.id, each.library, each.path, each.since, each.until, each.size_bytes)
        screen.record(*head, each.md5, each.reason, "away" if each.away else "")


def _listed(screen: Screen, document: Bin) -> None:
    files = document.files
    if not files:
        screen.line("Nothing lies in the recycle bin.")
        return
    screen.told(
        _COLUMNS,
        [
            (str(each.id), each.library, local(each.until), size(each.size_bytes), each.path)
            for each in files
        ],
        "reason",
        [each.reason + ("; its disk is away" if each.away else "") for each in files],
    )
    screen.line()
    screen.line(f"{several(len(files), 'file')}, {size(document.size_bytes)}")
    screen.line()
    screen.next(f"pacctl restore {files[0].id}", "brings one back to where it stood")


def _record(screen: Screen, document: Restored) -> None:
    screen.record("restored", document.id, document.library, document.path, document.exchanged)


def _restored(screen: Screen, document: Restored) -> None:
    screen.path(Painted("restored", "green"), document.path)
    if document.exchanged is not None:
        told = "What PAC had made of it went into the recycle bin in its stead, as number"
        screen.prose(f"{told} {document.exchanged}.")
    screen.prose("It stays as it is: PAC does not resample this audio again.")


COMMANDS: dict[str, Command] = {"restore": (_arguments, _restore)}
