"""JSON answers as objects whose keys read as attributes; touches nothing."""

import json

from pacctl.failure import Failure
from pacd.protocol.wire import Exit


class ProtocolError(Failure):
    """What answered does not speak as pacd does."""

    def __init__(self, what: str, *, fix: str = "") -> None:
        super().__init__(what, Exit.FAILED, fix=fix)


class Record(dict[str, object]):
    """
    A JSON object; `record.path` is `record["path"]`.

    The client hands records out under the names of the documents of
    pacd.protocol, so that every use is checked against them although none of
    them is imported: dataclasses would cost `status` a third of its time (B5).
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> object:
        try:
            return self[name]
        except KeyError:
            raise ProtocolError(
                f"The daemon's answer lacks {name!r}: pacctl and pacd are of different versions.",
                fix="Restart the daemon (`systemctl restart pacd`).",
            ) from None


def parse(text: str) -> Record:
    """
    Read one document.

    Raises:
        ProtocolError: It is no JSON object.
    """
    try:
        found = json.loads(text, object_hook=Record)
    except ValueError:
        found = None
    if not isinstance(found, Record):
        raise ProtocolError("The daemon's answer is no JSON document: something else may listen.")
    return found
