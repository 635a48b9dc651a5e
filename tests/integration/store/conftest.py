"""An open store in a directory of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pacd.store.database import Store
from tests.integration.store.examples import NOW


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where the database of a test lies."""
    return tmp_path / "state" / "pacd.db"


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
