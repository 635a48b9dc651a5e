"""Writes state_vN.sql: a dump of a database of the present schema, a row in every table."""

import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from pacd.store.database import Store  # noqa: E402  # found through the line above
from pacd.store.migration import RELEASED  # noqa: E402
from tests.integration.store.examples import NOW, ODD_PATH, fill  # noqa: E402


def dump(database: Path) -> str:
    """The whole database as SQL, with what ``.dump`` leaves out."""
    with closing(sqlite3.connect(database)) as connection:
        numbers = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("application_id", "user_version")
        }
        lines = [*connection.iterdump()]
    return "\n".join([*lines, *(f"PRAGMA {name} = {n};" for name, n in numbers.items()), ""])


def main() -> None:
    """Write the dump of this version's schema; an existing one is kept."""
    target = HERE / f"state_v{RELEASED.version}.sql"
    with tempfile.TemporaryDirectory() as scratch, target.open("x", encoding="utf-8") as file:
        database = Path(scratch) / "pacd.db"
        store = Store.open(database, now=NOW)
        libraries = store.libraries.sync({"main": Path("/music"), "odd": Path("/m\udcff")})
        fill(store, libraries["main"])
        fill(store, libraries["odd"], path=ODD_PATH)
        store.close()
        file.write(dump(database))


if __name__ == "__main__":
    main()
