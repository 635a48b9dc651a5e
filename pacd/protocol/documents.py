"""
All documents of the API in one place, and their JSON; touches nothing.

Times are RFC 3339 UTC strings, sizes bytes, durations seconds.  Paths are
relative to their library's root; bytes that are no UTF-8 travel as lone
surrogates (PEP 383), which JSON spells in ASCII.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pacd.protocol.files import (
    Decision,
    Event,
    EventKind,
    FileState,
    FolderView,
    History,
    HistoryView,
    Holds,
    HoldView,
    Plan,
    PlanView,
    Queue,
    ScanTicket,
    TicketState,
    Unsettled,
    Why,
)
from pacd.protocol.prunes import OrphanView, Prune, PruneState, RefusalView
from pacd.protocol.recycled import Bin, RecycledView, Restored
from pacd.protocol.status import (
    Audit,
    ConfigFile,
    ConfigView,
    Counts,
    Doctor,
    DoctorCheck,
    Health,
    HoldCounts,
    Idle,
    LibraryView,
    MirrorView,
    Paused,
    Problem,
    ProblemKind,
    Running,
    SettingView,
    State,
    Status,
    Verdict,
    Watch,
    Workload,
    no_library_counts,
    no_mirror_counts,
)
from pacd.protocol.wire import SCHEMA

__all__ = [
    "Audit",
    "Bin",
    "ConfigFile",
    "ConfigView",
    "Counts",
    "Decision",
    "Doctor",
    "DoctorCheck",
    "Document",
    "Event",
    "EventKind",
    "FileState",
    "FolderView",
    "Health",
    "History",
    "HistoryView",
    "HoldCounts",
    "HoldView",
    "Holds",
    "Idle",
    "LibraryView",
    "MirrorView",
    "OrphanView",
    "Paused",
    "Plan",
    "PlanView",
    "Problem",
    "ProblemKind",
    "Prune",
    "PruneState",
    "Queue",
    "RecycledView",
    "RefusalView",
    "Restored",
    "Running",
    "ScanTicket",
    "SettingView",
    "State",
    "Status",
    "TicketState",
    "Unsettled",
    "Verdict",
    "Watch",
    "Why",
    "Workload",
    "dumps",
    "event_json",
    "no_library_counts",
    "no_mirror_counts",
    "to_json",
]

Document = (
    Status
    | Holds
    | HoldView
    | Plan
    | Queue
    | History
    | Why
    | ScanTicket
    | Prune
    | Bin
    | Restored
    | Idle
    | Health
    | Doctor
    | ConfigView
)


def to_json(document: Document) -> str:
    """
    One document as one line of ASCII, `schema` first.

    Raises:
        TypeError, ValueError: A value has no JSON form (NaN and infinities included).
    """
    return dumps(_fields(document))


def event_json(event: Event) -> str:
    """An event as one line of the stream of `/v1/events`."""
    return dumps({"message_type": "event", **_fields(event)})


def dumps(content: Mapping[str, Any]) -> str:
    """`schema` and the content, as one line of ASCII without a control character."""
    text = json.dumps({"schema": SCHEMA, **content}, allow_nan=False, default=_plain)
    return text.replace("\x7f", "\\u007f")  # DEL is the one that json leaves as it is


def _fields(value: Any) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value)}


def _plain(value: object) -> dict[str, Any]:
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
