"""Holds a library at rest and its mirrors against the model; changes nothing."""

import contextlib
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any, Final

import mutagen

from faults.soak.mishaps import scratch_files
from faults.soak.model import Master, Model
from faults.soak.recordings import Studio, is_cd_form, is_sound, plays, said_by
from faults.soak.site import SoakSite
from pacd.domain.policy import MirrorPolicy
from pacd.errors import PacError
from pacd.files.containers import CONTAINERS
from tests.audio import stated_md5
from tests.e2e.order import COMPRESSION
from tests.integration.engine.bystanders import wanted_copies_of
from tests.integration.engine.collector import outputs_of, wanted_of

PLAYED: Final = 4
"""One in so many outputs is played to its end."""

Identity = tuple[int, int, int]


@dataclass
class Comparison:
    """
    Compares again and again; what was found good and has not changed is not decoded again.

    Attributes:
        good: Identities of masters that were found to be what they should.
        masters, outputs: How many were looked at, in all.
    """

    site: SoakSite
    model: Model
    studio: Studio
    good: dict[PurePosixPath, tuple[Identity, Master]] = field(default_factory=dict)
    masters: int = 0
    outputs: int = 0

    def differences(self) -> Iterator[str]:
        """Yield what is not as it should be, a sentence each; nothing when all is exact."""
        if left := list(self._temporaries()):
            yield from (f"{path!r}: a temporary was left" for path in left)
            return
        there = {
            PurePosixPath(path.relative_to(self.site.library))
            for path in self.site.library.rglob("*.flac")
            if path.is_file() and ".pacd-recycle" not in path.parts
        }
        for path in sorted(there ^ self.model.masters.keys()):
            yield f"{path!r}: {'unexpected' if path in there else 'lost'}"
        for path in sorted(there & self.model.masters.keys()):
            yield from self._of_master(path, self.model.masters[path])
        for path, words in self.model.sidecars.items():
            if (self.site.library / path).read_bytes() != words:
                yield f"{path!r}: a sidecar was changed"
        yield from self._adopt()
        yield from self._of_holds()
        yield from self._of_covers()
        for mirror in self.site.policy().mirrors:
            try:
                yield from self._of_mirror(mirror)
            except (PacError, mutagen.MutagenError) as error:
                yield f"{mirror.name} cannot be compared: {error}"
        for problem in self.site.status()["problems"]:
            yield f"a problem: {problem['what']}"
        yield from self._of_database()

    def _temporaries(self) -> Iterator[Path]:
        for root in (self.site.library, self.site.mirror, self.site.car, self.site.art):
            yield from scratch_files(root)

    def _of_master(self, path: PurePosixPath, master: Master) -> Iterator[str]:
        target = self.site.library / path
        self.masters += 1
        seen = target.stat()
        identity = (seen.st_ino, seen.st_size, seen.st_mtime_ns)
        if self.good.get(path) == (identity, master):
            return
        found = list(self._wrong_with(target, seen, master))
        if not found:
            self.good[path] = (identity, master)
        yield from (f"{path!r}: {each}" for each in found)

    def _wrong_with(self, target: Path, seen: os.stat_result, master: Master) -> Iterator[str]:
        if master.damaged:
            if target.read_bytes() != master.damaged:
                yield "a damaged master was changed"
            return
        if not is_sound(target):
            yield "flac finds it broken"
        if stated_md5(target) != master.md5 and not master.hires:
            yield f"its audio is {stated_md5(target)}, not {master.md5}"
        tags, pictures = said_by(target)
        if tags != {key: list(values) for key, values in master.tags.items()}:
            yield f"its tags are {tags}, not {master.tags}"
        if pictures != ([master.cover] if master.cover else []):
            yield f"its pictures are {[len(each) for each in pictures]} bytes long"
        if seen.st_nlink == 1 and not COMPRESSION.search(
            target.read_bytes()[:8192].decode("latin-1")
        ):
            yield "it was not recompressed"

    def _adopt(self) -> Iterator[str]:
        """Take CD forms for what they are once their originals are seen to lie in the bin."""
        kept: set[str] = set()
        for path in [path for path, each in self.model.masters.items() if each.hires]:
            target, master = self.site.library / path, self.model.masters[path]
            if not target.exists() or target.stat().st_nlink > 1:
                continue
            kept = kept or {stated_md5(each) for each in self._bin() if is_sound(each)}
            if not is_cd_form(target):
                yield f"{path!r}: it was not brought to CD form"
            elif master.md5 not in kept:
                yield f"{path!r}: its original is not in the recycle bin"
            else:
                made = self.studio.take_over(target)
                self.model.masters[path] = replace(master, md5=made.md5, hires=False)

    def _bin(self) -> Iterator[Path]:
        return (self.site.library / ".pacd-recycle").rglob("*.flac")

    def _of_covers(self) -> Iterator[str]:
        """Every album that lies in one folder has one of its covers exported (F7)."""
        if not self.site.policy().artwork.enabled:
            return
        folders: dict[tuple[str, str], set[PurePosixPath]] = {}
        covers: dict[tuple[str, str], set[bytes]] = {}
        for path, master in self.model.masters.items():
            album = (master.tags["ALBUMARTIST"][0], master.tags["ALBUM"][0])
            folders.setdefault(album, set()).add(path.parent)
            if not master.damaged:
                covers.setdefault(album, set()).add(master.cover)
        for album, found in covers.items():
            if len(folders[album]) > 1 or b"" in found:
                continue
            fronts = [each.read_bytes() for each in self.site.art.joinpath(*album).glob("front.*")]
            if len(fronts) != 1 or fronts[0] not in found:
                yield f"the cover of {album} is not exported as it should be: {len(fronts)} files"

    def _of_holds(self) -> Iterator[str]:
        """Damaged masters are held, files with several names may be, and nothing else is."""
        holds = {(hold["path"], hold["cause"]): hold for hold in self.site.got("holds")["holds"]}
        wanted = {
            (str(path), "corrupt") for path, each in self.model.masters.items() if each.damaged
        }
        for path, cause in sorted(wanted - holds.keys()):
            yield f"{path!r}: it is not held for being {cause}"
        for path, cause in sorted(holds.keys() - wanted):
            linked = cause == "hardlinked" and (
                len(self.model.names_of(PurePosixPath(path))) > 1
                if PurePosixPath(path) in self.model.masters
                else False
            )
            if not linked and cause != "mass-disappearance":
                yield f"{path!r}: held for {cause}: {holds[path, cause]['reason']}"

    def _of_mirror(self, mirror: MirrorPolicy) -> Iterator[str]:
        policy = self.site.policy()
        wanted, there = wanted_of(policy, mirror), outputs_of(mirror)
        self.outputs += len(there)
        unclean = {path for path, each in self.model.masters.items() if each.damaged}
        kept = Counter(self.model.masters[path].md5 for path in unclean)
        for place, pac in wanted.items():
            if pac.source_rel in unclean or pac.source_rel not in self.model.masters:
                continue
            if place not in there:
                yield f"{mirror.name} lacks {place!r}"
            elif (found := _said(there[place])) != _said(pac):
                yield f"{mirror.name}: {place!r} says {found}, not {_said(pac)}"
            else:
                yield from self._of_output(mirror, mirror.root / place, pac.source_rel)
        asked = any(
            hold["cause"] == "mass-disappearance" for hold in self.site.got("holds")["holds"]
        )
        for place in sorted(there.keys() - wanted.keys()):
            if mirror.prune and not asked and there[place].src_md5 not in kept:
                yield f"{mirror.name}: {place!r} was not pruned"
        for place, sidecar in wanted_copies_of(policy, mirror).items():
            source, copy = policy.root / sidecar, mirror.root / place
            if not copy.is_file() or copy.read_bytes() != source.read_bytes():
                yield f"{mirror.name}: {place!r} is no copy of its sidecar"

    def _of_output(
        self, mirror: MirrorPolicy, output: Path, source: PurePosixPath
    ) -> Iterator[str]:
        """Whether it plays to its end and says what its master says, as other programs see it."""
        master, seen = self.model.masters[source], output.stat()
        identity = (seen.st_ino, seen.st_size, seen.st_mtime_ns)
        key = PurePosixPath(output)
        if self.good.get(key) == (identity, master):
            return
        said: Any = mutagen.File(output)
        title = said.get("\xa9nam" if mirror.extension == ".m4a" else "TITLE", [])
        if list(title) != list(master.tags["TITLE"]):
            yield f"{mirror.name}: {output.name!r} has the title {title}, not {master.tags}"
        if not CONTAINERS[mirror.codec].read_stream(output).complete:
            yield f"{mirror.name}: {output.name!r} breaks off"
        # Starting a player takes longer than PAC takes to make the file: a part speaks for all.
        if seen.st_ino % PLAYED == 0 and not plays(output):
            yield f"{mirror.name}: {output.name!r} does not play"
        self.good[key] = (identity, master)

    def _of_database(self) -> Iterator[str]:
        uri = f"file:{self.site.database}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
            if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                yield "the database is damaged"
            if database.execute("PRAGMA foreign_key_check").fetchall():
                yield "the database contradicts itself"


def _said(pac: Any) -> tuple[Any, ...]:
    return (pac.src_md5, pac.quality, pac.source_rel, pac.src_tags)


def stamps(site: SoakSite) -> dict[Path, tuple[int, int, int]]:
    """Every file of the library, the mirrors and the covers, and whether it is still the same."""
    found = {}
    for root in (site.library, site.mirror, site.car, site.art):
        for path in root.rglob("*"):
            seen = path.lstat()
            found[path] = (seen.st_ino, seen.st_size, seen.st_ctime_ns)
    return found
