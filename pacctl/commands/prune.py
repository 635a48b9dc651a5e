"""`prune`: outputs that no master wants, and copies that no sidecar does."""

from __future__ import annotations

from pacctl.phrases import grouped, local, several
from pacctl.render import Column, Painted, Screen
from pacd.protocol.wire import Exit

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from pacctl.session import Command, Session
    from pacd.protocol.prunes import Prune

_LOOK_S = 2  # between two looks at a prune: a person watches
_SHOWN = 5  # orphans that stay; --json and --plain have them all
_COLUMNS = (Column("mirror"), Column("orphan", share=1, middle=True), Column("since"))


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--mirror", metavar="NAME", help="only of mirrors of this name")
    parser.add_argument("--dry-run", action="store_true", help="only list what would be removed")


def _prune(arguments: Namespace, session: Session) -> int:
    if arguments.dry_run:
        answer = session.client.get("prune", {"mirror": arguments.mirror})
    else:
        answer = session.client.post("prune", {"mirror": arguments.mirror})
    document: Any = answer.document
    while document.state == "running":
        _progress(session, document)
        answer = session.client.get(f"prune/{document.id}", {"for": _LOOK_S})
        document = answer.document
    session.screen.redraw("")
    session.say(answer, _records, _foreseen if arguments.dry_run else _done)
    if document.failed:
        return Exit.FAILED
    return Exit.REFUSED if document.refused else Exit.OK


def _progress(session: Session, prune: Prune) -> None:
    if not session.json:
        whole = len(prune.orphans) + prune.more
        session.screen.redraw(f"{grouped(prune.removed)} of {several(whole, 'file')} removed")


def _records(screen: Screen, prune: Prune) -> None:
    goes = {"foreseen": "orphan"}.get(prune.state, "removed")
    failed = {(each.library, each.mirror, each.path) for each in prune.failed}
    gone = [each for each in prune.orphans if (each.library, each.mirror, each.path) not in failed]
    for word, orphans in ((goes, gone), ("failed", prune.failed), ("kept", prune.kept)):
        for each in orphans:
            where = (each.library, each.mirror, each.path)
            screen.record(word, *where, each.source, each.since, each.reason)
    for refusal in prune.refused:
        what = (refusal.library, refusal.mirror, refusal.outputs, refusal.hold)
        screen.record("refused", *what, refusal.reason, refusal.fix)


def _foreseen(screen: Screen, prune: Prune) -> None:
    whole = len(prune.orphans) + prune.more
    _exceptions(screen, prune, last=not whole)
    if whole:
        rows = [
            (each.mirror, each.path, local(each.since) if each.since else "")
            for each in prune.orphans
        ]
        screen.table(_COLUMNS, rows)
        screen.line()
        unlisted = f", {grouped(prune.more)} of them not listed" if prune.more else ""
        screen.line(f"{several(whole, 'file')} that nothing wants{unlisted}")
        screen.line()
        screen.next("pacctl prune", "removes them")
    elif not prune.refused:
        screen.line(Painted("Nothing to remove.", "green"))


def _done(screen: Screen, prune: Prune) -> None:
    _exceptions(screen, prune, last=not prune.removed)
    if prune.removed:
        screen.line(Painted(f"{several(prune.removed, 'file')} removed", "green"))
    elif not (prune.failed or prune.refused):
        screen.line(Painted("Nothing to remove.", "green"))


def _exceptions(screen: Screen, prune: Prune, *, last: bool) -> None:
    """What stays, and why; with a line below it unless it comes last."""
    for each in prune.kept[:_SHOWN]:
        screen.path("stays", f"{each.mirror}: {each.path}")
        screen.prose(each.reason, first="  ", indent=2)
    if len(prune.kept) > _SHOWN:
        screen.line(f"and {grouped(len(prune.kept) - _SHOWN)} more stay")
    for each in prune.failed:
        screen.path(Painted("failed", "red"), f"{each.mirror}: {each.path}")
        screen.prose(each.reason, first="  ", indent=2)
    for refusal in prune.refused:
        what = f"Nothing is removed from {refusal.mirror} of library {refusal.library}"
        screen.prose(f"{what}: {refusal.reason}.", first=Painted("!  ", "red"), indent=3)
        screen.prose(refusal.fix, first=Painted("   fix: ", "dim"), indent=8)
    if not last and (prune.kept or prune.failed or prune.refused):
        screen.line()


COMMANDS: dict[str, Command] = {"prune": (_arguments, _prune)}
