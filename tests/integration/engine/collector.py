"""What a collector does to a library, and what its mirrors should be after that."""

import os
import shutil
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from pathlib import Path, PurePosixPath
from typing import Any

import mutagen.flac

from pacd.domain.media import Codec
from pacd.domain.policy import FlacPolicy, LibraryPolicy, MirrorPolicy
from pacd.engine.naming import Naming
from pacd.files.containers import CONTAINERS
from pacd.files.probe import read_track
from pacd.files.tags import PacTags
from pacd.intake.ignore import Ignore
from pacd.planning.outputs import output_paths
from tests.audio import Art, dress, png, write_flac
from tests.integration.engine.bystanders import SIDECARS
from tests.integration.engine.site import Site

SECONDS = 0.05
"""So short that a year of it can be encoded."""

# What flac level 0 needs no rewrite for: the mirrors are what is looked at here.
TAGS = {"COMPRESSION": "flac 1.4.2; level=0; verify=1; date=2026-11-21"}


def two_mirrors(base: Path, library: Path, *, prune: bool = False) -> Site:
    """
    A site with an Opus and an AAC mirror of a library; its masters need no rewrite.

    Args:
        prune: Whether the AAC mirror is pruned by itself.
    """
    site = Site.make(base)
    site.policy = replace(site.policy, settle_s=0.0)
    site.wish(
        root=library,
        flac=FlacPolicy(target_compression=0, resample_to_cd=False),
        mirrors=(
            MirrorPolicy("phone", base / "phone", bitrate_kbps=16, sidecars=SIDECARS),
            MirrorPolicy(
                "car", base / "car", Codec.AAC, vbr_mode=1, sidecars=SIDECARS, prune=prune
            ),
        ),
    )
    return site


@dataclass
class Collector:
    """
    Changes a library as people do, with files and folders chosen by number.

    Attributes:
        touched: What a watcher would have told of since the last visit: folders of the library,
            and whether all below them may have changed.
    """

    library: Path
    touched: dict[PurePosixPath, bool] = field(default_factory=dict)
    _seeds: Iterator[int] = field(default_factory=lambda: count(1))

    def masters(self) -> list[Path]:
        """All masters, sorted."""
        return sorted(path for path in self.library.rglob("*.flac") if path.is_file())

    def sidecars(self) -> list[Path]:
        """All that is copied along with masters, sorted."""
        files = (path for path in self.library.rglob("*") if path.is_file())
        return sorted(path for path in files if path.suffix != ".flac")

    def folders(self) -> list[Path]:
        """All folders below the library's root, sorted."""
        return sorted(path for path in self.library.rglob("*") if path.is_dir())

    def add(self, folder: str, name: str) -> None:
        """A recording that nobody has yet; over one of that name it is another recording."""
        path = self.library / folder / f"{name}.flac"
        if path.is_dir():
            return
        self._make(path.parent)
        self.record(path)

    def record(self, path: Path) -> None:
        """Give a master audio of its own; its tags start anew."""
        seed = next(self._seeds)
        new = path.with_name(".new")
        write_flac(new, seconds=SECONDS, level=0, seed=seed, tags={**TAGS, "TITLE": f"take {seed}"})
        new.rename(path)
        self._touch(path)

    def copy(self, path: Path, folder: str, name: str) -> None:
        """The same recording twice."""
        target = self.library / folder / f"{name}.flac"
        if target.is_dir() or target == path:
            return
        self._make(target.parent)
        shutil.copy2(path, target)
        self._touch(target)

    def retag(self, path: Path) -> None:
        """Another title."""
        dress(path, {"TITLE": f"title {next(self._seeds)}"}, [])
        self._touch(path)

    def repaint(self, path: Path) -> None:
        """Another cover."""
        opened: Any = mutagen.flac.FLAC(path)
        opened.clear_pictures()
        opened.save()
        dress(path, {}, [Art(png(seed=next(self._seeds)))])
        self._touch(path)

    def write(self, folder: str, name: str) -> None:
        """A sidecar with words of its own; over one of that name in place, as editors do."""
        path = self.library / folder / name
        if path.is_dir():
            return
        self._make(path.parent)
        path.write_text(f"words {next(self._seeds)}", "utf-8")
        self._touch(path)

    def move(self, path: Path, target: Path) -> bool:
        """Rename a file or a folder to where nothing stands; return whether it could be done."""
        if os.path.lexists(target) or target.is_relative_to(path):
            return False
        self._make(target.parent)
        path.rename(target)
        self._touch(path, target)
        return True

    def rotate(self, paths: Sequence[Path]) -> None:
        """Let files or folders change places in a circle: two are a swap."""
        aside = self.library / ".aside"
        paths[-1].rename(aside)
        for path, target in reversed(list(pairwise(paths))):
            path.rename(target)
        aside.rename(paths[0])
        self._touch(*paths)

    def remove(self, path: Path) -> None:
        """A file, or a folder with all in it."""
        self._touch(path)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()

    def _make(self, folder: Path) -> None:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        self._touch(*missing)

    def _touch(self, *paths: Path) -> None:
        for path in paths:
            place = PurePosixPath(path.relative_to(self.library))
            self.touched.setdefault(place.parent, False)
            if path.suffix.lower() not in {".flac", ".lrc", ".jpg"}:
                self.touched[place] = True


def other_case(name: str) -> str:
    """The same name with upper and lower case changed for each other."""
    return name.swapcase().replace(".FLAC", ".flac")


def other_form(name: str) -> str:
    """The same name in the other Unicode form."""
    composed = unicodedata.normalize("NFC", name)
    return unicodedata.normalize("NFD", name) if name == composed else composed


def audio_of(masters: Sequence[Path]) -> Counter[str]:
    """How many masters there are of each audio MD5, by their headers."""
    return Counter(f"{mutagen.flac.FLAC(path).info.md5_signature:032x}" for path in masters)


def outputs_of(mirror: MirrorPolicy, others: Collection[Path] = ()) -> dict[PurePosixPath, PacTags]:
    """
    What every output of a mirror says of itself, by its place.

    Args:
        others: What PAC has not made.
    """
    found = {}
    for path in sorted(mirror.root.rglob(f"[!.]*{mirror.extension}")):
        if path in others or not path.is_file():
            continue
        pac = CONTAINERS[mirror.codec].read_pac_tags(path)
        assert pac is not None, path
        found[PurePosixPath(path.relative_to(mirror.root))] = pac
    return found


def audio_in(mirror: MirrorPolicy, others: Collection[Path] = ()) -> Counter[str]:
    """How many outputs a mirror has of each audio MD5."""
    return Counter(pac.src_md5 for pac in outputs_of(mirror, others).values())


def wanted_of(policy: LibraryPolicy, mirror: MirrorPolicy) -> dict[PurePosixPath, PacTags]:
    """What the outputs of a mirror should say, by their places; encoder and version apart."""
    naming = Naming(policy, Ignore())
    by_folder: dict[Path, list[Path]] = {}
    for path in policy.root.rglob("*.flac"):
        if path.is_file():
            by_folder.setdefault(path.parent, []).append(path)
    wanted = {}
    for folder, masters in by_folder.items():
        places = naming.places(PurePosixPath(folder.relative_to(policy.root)))
        assert places is not None
        relative = [PurePosixPath(path.relative_to(policy.root)) for path in masters]
        for master, named in output_paths(relative, mirror, places.get(mirror.name)).items():
            wanted[named.path] = _said_of(policy.root, master, mirror)
    return wanted


def _said_of(root: Path, master: PurePosixPath, mirror: MirrorPolicy) -> PacTags:
    track = read_track(root / master)
    return PacTags(
        src_md5=track.audio_md5,
        encoder="",
        quality=mirror.quality,
        source_rel=master,
        src_tags=mirror.tags_hash(track.tags_md5),
        version="",
    )
