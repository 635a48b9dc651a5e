"""What stands in mirrors beside outputs: copies of sidecars, and files that are somebody else's."""

import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath

from pacd.domain.hold import Cause
from pacd.domain.policy import LibraryPolicy, MirrorPolicy
from pacd.engine.mirrors.sidecars import claims_in
from pacd.engine.naming import Naming
from pacd.intake.ignore import Ignore
from pacd.planning.names import alike
from tests.integration.engine.site import Site

SIDECARS = (".lrc", "cover.jpg")
"""What both mirrors of a collector want copied."""

TICK_S = 2.0
"""Of FAT's clock: times that are nearer to each other than this are one."""

Asked = tuple[PurePosixPath, str]
"""A file of the library that a person was asked about, and the mirror that it concerns."""


@cache
def music(extension: str) -> bytes:
    """A real file of this kind that bears no tag of PAC's."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"theirs{extension}"
        sine = ("-f", "lavfi", "-i", "sine=d=0.05")
        subprocess.run(["ffmpeg", "-v", "error", *sine, str(path)], check=True)
        return path.read_bytes()


@dataclass
class Others:
    """Files in the mirrors that PAC did not make, with their inodes, times and bytes."""

    files: dict[Path, tuple[int, int, bytes]] = field(default_factory=dict)

    def put(self, path: Path, data: bytes) -> None:
        """Put a file of somebody's into a mirror; over what stands there by that name."""
        if path.is_dir() or any(parent.is_file() for parent in path.parents):
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(".theirs")
        new.write_bytes(data)
        new.rename(path)
        self.note(path)

    def note(self, path: Path) -> None:
        """Take a file for somebody's from now on, as it is."""
        self.files[path] = _seen(path)

    def remove(self, path: Path) -> None:
        """Have its owner remove a file."""
        del self.files[path]
        path.unlink()

    def unharmed(self) -> None:
        """Make sure that all stand there as their owners have left them."""
        assert self.files == {path: _seen(path) for path in self.files if path.exists()}

    def near(self, path: Path) -> bool:
        """Whether one stands in a place, as some file system would see it."""
        return any(
            each.parent == path.parent and alike(each.name) == alike(path.name)
            for each in self.files
        )


def wanted_copies_of(
    policy: LibraryPolicy, mirror: MirrorPolicy
) -> Mapping[PurePosixPath, PurePosixPath]:
    """The sidecars that a mirror wants copies of, by where these belong."""
    naming = Naming(policy, Ignore())
    folders = (policy.root, *(path for path in policy.root.rglob("*") if path.is_dir()))
    found: dict[PurePosixPath, PurePosixPath] = {}
    for folder in folders:
        claims = claims_in(naming, mirror, PurePosixPath(folder.relative_to(policy.root)))
        assert claims is not None
        found |= claims
    return found


def beside_outputs(mirror: MirrorPolicy) -> list[Path]:
    """All that stands in a mirror and is no output by its name."""
    found = (path for path in mirror.root.rglob("[!.]*") if path.is_file())
    return sorted(path for path in found if path.suffix != mirror.extension)


def disown(site: Site, others: Others) -> None:
    """
    Tell whose the files beside outputs are, as PAC has to: by its record, else by their bytes.

    What is on no record, and holds other bytes than the sidecar whose copy belongs there, is
    somebody's; what holds the same is taken for a copy.
    """
    policy, library_id = site.policy.libraries[0], site.library_id if site.database.exists() else 0
    for mirror in policy.mirrors:
        wanted = wanted_copies_of(policy, mirror)
        ours = _on_record(site, library_id, mirror) if library_id else set()
        for path in beside_outputs(mirror):
            sidecar = wanted.get(PurePosixPath(path.relative_to(mirror.root)))
            same = sidecar is not None and (
                (policy.root / sidecar).read_bytes() == path.read_bytes()
            )
            if same:
                others.files.pop(path, None)
            elif path not in ours and path not in others.files:
                others.note(path)


def copies_in_step(policy: LibraryPolicy, mirror: MirrorPolicy, others: Others) -> Iterable[Path]:
    """Yield the copies that are as they should be."""
    for place, sidecar in wanted_copies_of(policy, mirror).items():
        copy, source = mirror.root / place, policy.root / sidecar
        if copy in others.files or not copy.is_file():
            continue
        late = abs(copy.stat().st_mtime - source.stat().st_mtime)
        if copy.read_bytes() == source.read_bytes() and late < TICK_S:
            yield copy


def asked_about(site: Site) -> set[Asked]:
    """What people are asked about, all of it because something stands in the way."""
    holds = site.holds()
    assert {Cause.COLLISION} >= {hold.cause for hold in holds}
    return {(hold.path, hold.mirror) for hold in holds}


def _on_record(site: Site, library_id: int, mirror: MirrorPolicy) -> set[Path]:
    found = set()
    with site.store() as store:
        for path in beside_outputs(mirror):
            place = PurePosixPath(path.relative_to(mirror.root))
            row = store.sidecars.in_folder(library_id, mirror.name, place.parent).get(place)
            same = row is not None and row.copy.observation is not None
            if row and same and row.is_ours and row.copy.observation:
                status = path.stat()
                if row.copy.observation.content[1:] == (
                    status.st_ino,
                    status.st_size,
                    status.st_mtime_ns,
                ):
                    found.add(path)
    return found


def _seen(path: Path) -> tuple[int, int, bytes]:
    status = path.stat()
    return (status.st_ino, status.st_mtime_ns, path.read_bytes())
