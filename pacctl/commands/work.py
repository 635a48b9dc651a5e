"""`plan`, `scan`, `queue`, `wait`: what is due, and looking for more."""

from __future__ import annotations

from pacctl.commands.pause import PauseTeller
from pacctl.parser import a_path
from pacctl.phrases import grouped, several, span
from pacctl.render import Column, Painted, Screen
from pacctl.session import no_arguments
from pacd.protocol.wire import Exit

TYPE_CHECKING = False  # see pacctl.verbs
if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from typing import Any

    from pacctl.record import Record
    from pacctl.session import Command, Session
    from pacd.protocol.files import PlanView, Queue, ScanTicket
    from pacd.protocol.status import Status

_LOOK_S = 2  # between two looks at a scan: a person watches
_WAIT_S = 5  # for one answer to `wait`: then a pause that has begun is told
_SHOWN = 20  # files that only wait; --json and --plain have them all
_ITEM_COLUMNS = (
    Column("action"),
    Column("path", share=3, middle=True),
    Column("reason", share=2),
)
_RUNNING_COLUMNS = (
    Column("running"),
    Column("path", share=1, middle=True),
    Column("progress", right=True),
    Column("for", right=True),
    Column("left", right=True),
)
_FOLDER_COLUMNS = (Column("folder", share=3, middle=True), Column("waits because", share=2))


def _plan_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "path", nargs="?", type=a_path, metavar="PATH", help="a file or folder; or everything"
    )


def _plan(arguments: Namespace, session: Session) -> int:
    answer = session.about(arguments.path, lambda path: session.client.get("plan", {"path": path}))
    session.say(answer, _plan_records, _plan_table)
    return Exit.OK


def _plan_records(screen: Screen, document: Record) -> None:
    found: Any = document["items"]  # a dict's own `items` hides the attribute
    items: list[PlanView] = found
    for each in items:
        screen.record(each.action, each.library, each.path, each.mirror, each.reason)
    waiting: Any = document["waiting"]
    for each in waiting:
        screen.record("waiting", each.library, each.path)


def _plan_table(screen: Screen, document: Record) -> None:
    found: Any = document["items"]
    more: Any = document["more"]
    if found:
        _items(screen, found, more)
    elif document["waiting"] or document.get("retries"):
        screen.line("Nothing to do yet.")
    else:
        screen.line(Painted("Nothing to do.", "green"))
    _unsettled(screen, document)
    retries: Any = document.get("retries", ())  # an older daemon does not tell
    for sentence in retries:
        screen.line()
        screen.prose(sentence)


def _unsettled(screen: Screen, document: Record) -> None:
    """Files that are no items, because somebody may still write to them."""
    waiting: Any = document["waiting"]
    if not waiting:
        return
    more: Any = document["more_waiting"]
    settle_s: Any = document["settle_s"]
    number = len(waiting) + more
    screen.line()
    words = several(number, "file is left until it has", "files are left until they have")
    screen.prose(f"{words} been quiet for {span(settle_s)}:")
    for each in waiting[:_SHOWN]:
        screen.path("", each.path)
    if number > _SHOWN:
        screen.line(f"  and {grouped(number - _SHOWN)} more")


def _items(screen: Screen, items: list[PlanView], more: int) -> None:
    screen.table(_ITEM_COLUMNS, [(_action(each), each.path, each.reason) for each in items])
    screen.line()
    unlisted = f", {grouped(more)} of them not listed" if more else ""
    screen.line(f"{several(len(items) + more, 'item')}{unlisted}")


def _action(item: PlanView) -> str:
    return f"{item.action} → {item.mirror}" if item.mirror else item.action


def _queue(_arguments: Namespace, session: Session) -> int:
    session.say(session.client.get("queue"), _queue_records, _queue_tables)
    return Exit.OK


def _queue_records(screen: Screen, queue: Queue) -> None:
    for each in queue.running:
        what = (each.action, each.library, each.path, each.mirror)
        screen.record("running", *what, each.progress)
    for item in queue.waiting:
        what = (item.action, item.library, item.path, item.mirror)
        screen.record("waiting", *what, item.reason)
    for folder in queue.folders:
        screen.record("folder", folder.library, folder.path, folder.due, folder.reason)


def _queue_tables(screen: Screen, queue: Queue) -> None:
    if queue.running:
        rows = [
            (
                each.action,
                each.path,
                "" if each.progress is None else f"{each.progress:.0%}",
                span(each.elapsed_s),
                "" if each.eta_s is None else span(each.eta_s),
            )
            for each in queue.running
        ]
        screen.table(_RUNNING_COLUMNS, rows)
        screen.line()
    if queue.waiting:
        _items(screen, list(queue.waiting), queue.more)
    if queue.folders:
        screen.line()
        screen.table(_FOLDER_COLUMNS, [(each.path, each.reason) for each in queue.folders])
    if not (queue.running or queue.waiting or queue.folders):
        screen.line(Painted("Nothing runs and nothing waits.", "green"))


def _scan_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "path", nargs="?", type=a_path, metavar="PATH", help="a file or folder; or everything"
    )
    parser.add_argument("--wait", action="store_true", help="follow to the end; exit 0, 2 or 3")


def _scan(arguments: Namespace, session: Session) -> int:
    session.lines = arguments.wait
    answer = session.about(arguments.path, lambda path: session.client.post("scan", {"path": path}))
    if arguments.wait:
        return _follow_scan(answer.document, session)
    session.say(answer, _ticket_record, _ticket)
    return Exit.OK


def _ticket_record(screen: Screen, ticket: ScanTicket) -> None:
    screen.record(ticket.id, ticket.state, ticket.path)


def _ticket(screen: Screen, ticket: ScanTicket) -> None:
    screen.line(f"scan {ticket.id} of {ticket.path or 'everything'} has begun")
    screen.next("pacctl follow", "watch it; `scan --wait` stays until the end")


def _follow_scan(document: Record, session: Session) -> int:
    found: Any = document
    ticket: ScanTicket = found
    pause = PauseTeller(session)
    while ticket.state != "done":
        status: Any = session.client.get("status").document
        pause.look(status)
        _progress(session, status)
        found = session.client.get(f"scan/{ticket.id}", {"for": _LOOK_S}).document
        ticket = found
    if session.json:
        session.screen.message("summary", found)
    elif session.plain:
        _counts(session.screen, ticket)
    else:
        session.screen.redraw("")
        _summary(session.screen, ticket)
    return Exit.FAILED if ticket.exit is None else ticket.exit


def _progress(session: Session, document: Any) -> None:
    if session.json:
        session.screen.message("status", document)
        return
    status: Status = document
    seen = sum(each.scan_progress for each in status.libraries)
    total = sum(each.scan_total for each in status.libraries)
    running = ", ".join(f"{each.action} {each.path}" for each in status.queue.running[:1])
    waiting = several(status.queue.waiting, "item")
    session.screen.redraw(
        f"{status.state}: {grouped(seen)} of {grouped(total)} files, {waiting} waiting  {running}"
    )


def _counts(screen: Screen, ticket: ScanTicket) -> None:
    for name, number in ticket.counts.library.items():
        screen.record("library", name, number)
    for name, number in ticket.counts.mirror.items():
        screen.record("mirror", name, number)
    screen.record("exit", ticket.exit)


def _summary(screen: Screen, ticket: ScanTicket) -> None:
    seen = any((*ticket.counts.library.values(), *ticket.counts.mirror.values()))
    if ticket.exit and ticket.message and not seen:
        screen.line(Painted("nothing was seen", "red"), f": {ticket.message}")
        return
    for label, counts in (("masters", ticket.counts.library), ("mirrors", ticket.counts.mirror)):
        found = [f"{grouped(number)} {_said(name)}" for name, number in counts.items() if number]
        screen.listing(label, found or ["nothing to do"])
    words = {0: ("done", "green"), 2: ("done, with failures or new holds", "yellow")}
    text, colour = words.get(ticket.exit or 0, ("not done", "red"))
    screen.line(Painted(text, colour), f": {ticket.message}" if ticket.message else "")


def _said(name: str) -> str:
    return name.replace("_", " ")


def _wait(_arguments: Namespace, session: Session) -> int:
    session.lines = True
    pause = PauseTeller(session)
    document: Any = session.client.get("wait").document
    while not document.idle:
        status: Any = session.client.get("status").document
        pause.look(status)
        document = session.client.get("wait", {"for": _WAIT_S}).document
    if session.json:
        session.screen.message("idle", document)
    return Exit.OK


COMMANDS: dict[str, Command] = {
    "plan": (_plan_arguments, _plan),
    "scan": (_scan_arguments, _scan),
    "queue": (no_arguments, _queue),
    "wait": (no_arguments, _wait),
}
