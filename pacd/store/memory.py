"""Small things to remember over a restart, as JSON by key."""

import json
from typing import Any, Final

from pacd.store.columns import to_json
from pacd.store.connection import Connection

_SET: Final = """
    INSERT INTO memory (key, value) VALUES (:key, :value)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""


class Memory:
    """What is remembered; joins the caller's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: str, default: Any = None) -> Any:
        """What was remembered under a key."""
        text = self._connection.value("SELECT value FROM memory WHERE key = :key", {"key": key})
        return default if text is None else json.loads(text)

    def set(self, key: str, value: Any) -> None:
        """Remember a value that JSON can hold."""
        self._connection.run(_SET, {"key": key, "value": to_json(value)})

    def delete(self, key: str) -> None:
        """Forget a key; one that is unknown is no mistake."""
        self._connection.run("DELETE FROM memory WHERE key = :key", {"key": key})
