"""Changes a library in a hurry, and looks afterwards whether anything of it was missed."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Final

from bench.installation import Installation
from bench.shelves import setup
from pacd.files.regular import observe
from pacd.store.database import Store

FILES_PER_FOLDER: Final = 10
_FOLDERS_PER_ARTIST: Final = 10
_RENAMED: Final = " (renamed)"


def folder_of(number: int) -> str:
    """The folder of a file of a library: ten to each, ten of those to an artist."""
    album = number // FILES_PER_FOLDER
    return f"Artist {album // _FOLDERS_PER_ARTIST:05d}/Album {album:06d}"


def change(root: Path, files: int) -> None:
    """
    Change so many files: of three folders one in place, one by replacing, one by a new name.

    `rewritten` tells how many of them have other bytes then.
    """
    for number, folder in enumerate(islice(_albums(root), files // FILES_PER_FOLDER)):
        if number % 3 == 0:
            for path in folder.iterdir():
                _retag(path)
        elif number % 3 == 1:
            for path in tuple(folder.iterdir()):
                _replace(path)
        else:
            folder.rename(folder.with_name(folder.name + _RENAMED))


def rewritten(files: int) -> int:
    """How many of so many files `change` gives other bytes; the others keep their verdicts."""
    return sum(number % 3 < 2 for number in range(files // FILES_PER_FOLDER)) * FILES_PER_FOLDER


def rename_folders(root: Path, number: int) -> None:
    """Rename so many folders; those renamed before get their names back first."""
    for folder in tuple(_albums(root)):
        if folder.name.endswith(_RENAMED):
            folder.rename(folder.with_name(folder.name.removesuffix(_RENAMED)))
    for folder in tuple(islice(_albums(root), number)):
        folder.rename(folder.with_name(folder.name + _RENAMED))


def _albums(root: Path) -> Iterator[Path]:
    for artist in sorted(root.iterdir()):
        if not artist.name.startswith("."):
            yield from sorted(artist.iterdir())


def _retag(path: Path) -> None:
    """Write another title of the same length, in place, as a tagger does that finds room."""
    content = path.read_bytes()
    with path.open("r+b") as file:
        file.write(content.replace(b"TITLE=Song", b"TITLE=Sung", 1))


def _replace(path: Path) -> None:
    """Put a new file in its place, as careful programs do."""
    draft = path.with_suffix(".tmp")
    draft.write_bytes(path.read_bytes().replace(b"TITLE=Song", b"TITLE=Sing", 1))
    draft.replace(path)


def lost(installation: Installation, files: int) -> int:
    """How many files are not on record as they stand there, tested on just these bytes."""
    built = setup(installation)
    library = built.policy.libraries[0]
    store = Store.read_only(built.database)
    try:
        library_id = next(row.id for row in store.libraries.all() if row.name == library.name)
        missed, seen = 0, 0
        for album in _albums(library.root):
            folder = PurePosixPath(album.relative_to(library.root))
            known = {each.path: each for each in store.tracks.in_folder(library_id, folder)}
            for path in album.iterdir():
                seen += 1
                file = known.get(folder / path.name)
                now = observe(path)
                is_known = file is not None and file.is_valid and file.observation == now
                missed += not (is_known and store.verdicts.check_of(now))
        return missed + abs(files - seen) + abs(files - store.tracks.valid_count(library_id))
    finally:
        store.close()
