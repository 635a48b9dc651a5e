"""An open store in a directory of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pacd.store.database import Store
from tests.integration.store.examples import NOW, fill


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the database of a test lies."""
    return tmp_path / "state" / "pacd.db"


@pytest.fixture(scope="session")
def _filled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once: its migrations take longer than most tests."""
    made = tmp_path_factory.mktemp("filled") / "pacd.db"
    store = Store.open(made, now=NOW)
    fill(store, store.libraries.sync({"main": Path("/music")})["main"])
    store.memory.set("number", 1)
    store.close()
    return made


@pytest.fixture
def filled(_filled_once: Path, database: Path) -> Path:
    """A closed database with a row in every table."""
    database.parent.mkdir(mode=0o700)
    shutil.copy(_filled_once, database)
    return database


@pytest.fixture
def store(database: Path) -> Iterator[Store]:
    """A new store, open for writing."""
    opened = Store.open(database, now=NOW)
    yield opened
    opened.close()


@pytest.fixture
def library(store: Store) -> int:
    """The id of the library ``main`` at /music."""
    return store.libraries.sync({"main": Path("/music")})["main"]
