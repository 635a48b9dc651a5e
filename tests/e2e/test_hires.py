"""A hi-res album from its drop to CD form and back, with the daemon running and the real pacctl."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from pacd.files.opus import read_comments
from pacd.files.probe import read_pictures, read_tags, read_track
from tests.audio import Art, png, stated_md5, write_flac
from tests.e2e.albums import album_tags
from tests.e2e.order import output_of
from tests.e2e.running import Site, until

T = TypeVar("T")

ALBUM = Path("Artist") / "Hi-Res"


def _drop(site: Site, tracks: int = 2) -> list[Path]:
    """Copy an album in, at 96 kHz and 24 bits, with everything that a shop writes."""
    folder = site.library / ALBUM
    folder.mkdir(parents=True)
    return [
        write_flac(
            folder / f"{number:02d} - Träck {number}.flac",
            rate=96_000,
            bits=24,
            tags={**album_tags(folder, number), "REPLAYGAIN_TRACK_GAIN": "-7.03 dB"},
            pictures=[Art(png(40, 40)), Art(png(20, 20), type=4)],
            seed=number,
        )
        for number in range(1, tracks + 1)
    ]


def _mirrored(site: Site, master: Path) -> bool:
    output = output_of(site, master)
    return output.exists() and ("PAC_SRC_MD5", stated_md5(master)) in read_comments(output).pairs


def _story(site: Site, master: Path) -> list[str]:
    entries: list[dict[str, Any]] = site.asked("history", str(master))["entries"]
    return [entry["action"] for entry in entries]


def _read(reader: Callable[[BinaryIO], T], master: Path) -> T:
    with master.open("rb") as file:
        return reader(file)


def test_a_hi_res_album(site: Site) -> None:
    """F6, A-Z: dropped, resampled, mirrored, listed in the bin, brought back, left so."""
    site.change("flac", resample_to_cd=True)
    with site.running() as daemon:
        site.pacctl("pause")
        masters = _drop(site)
        originals = [each.read_bytes() for each in masters]
        md5s = [stated_md5(each) for each in masters]
        tags = [_read(read_tags, each).pairs for each in masters]
        art = [_read(read_pictures, each) for each in masters]
        site.pacctl("resume")
        until(lambda: all(_mirrored(site, each) for each in masters), what="for the mirror")
        until(lambda: site.status()["counts"]["library"]["resampled"] == 2, what="for the counts")
        site.pacctl("wait")

        for master, before, pictures in zip(masters, tags, art, strict=True):
            audio = read_track(master).audio
            assert (44_100, 16, 44_100) == (
                audio.sample_rate_hz, audio.bits_per_sample, audio.total_samples,
            )  # fmt: skip
            kept = [pair for pair in _read(read_tags, master).pairs if pair[0] != "COMPRESSION"]
            assert [pair for pair in before if not pair[0].startswith("REPLAYGAIN")] == kept
            assert pictures == _read(read_pictures, master)
            subprocess.run(["flac", "--test", "--silent", master], check=True)
            assert ["flac_test_ok", "resample_ok"] == _story(site, master)[:2]
        assert "flac_recompress" not in {line["action"] for line in daemon.events()}

        listed = site.asked("restore")
        shown = site.pacctl("restore").stdout
        number = next(each["id"] for each in listed["files"] if "01" in each["path"])
        assert [30, 2] == [listed["retention_days"], len(listed["files"])]
        assert "resampled, it was 96 kHz, 24 bit" in shown
        assert 5 == site.pacctl("restore", "99", check=False).returncode

        site.pacctl("pause")  # it is recompressed at once, as every master is
        done = site.asked("restore", str(number))
        assert originals[0] == masters[0].read_bytes()
        site.pacctl("resume")
        assert done["exchanged"] is not None
        until(lambda: _mirrored(site, masters[0]), what="for the mirror of the hi-res audio")
        site.pacctl("wait")
        why = site.why(masters[0])
        assert ("none", "in order") == (why["decision"]["action"], why["state"].replace("-", " "))
        assert "somebody brought it back from the recycle bin" in why["decision"]["reason"]
        assert md5s[0] == stated_md5(masters[0])
        assert "restored" in _story(site, masters[0])

        other = next(each["id"] for each in listed["files"] if "02" in each["path"])
        site.pacctl("pause")  # else it may be told to wait, for the new file is being tested
        write_flac(masters[1], seconds=0.5, seed=7)
        refused = site.pacctl("restore", str(other), check=False)
        assert (6, True) == (refused.returncode, "never writes over a file" in refused.stderr)


def test_as_it_is_where_that_is_wished(site: Site) -> None:
    """F6: with `resample_to_cd = false` a hi-res album stays hi-res, and is mirrored so."""
    with site.running():
        masters = _drop(site, tracks=1)
        md5 = stated_md5(masters[0])
        until(lambda: _mirrored(site, masters[0]), what="for the mirror")
        site.pacctl("wait")

        assert md5 == stated_md5(masters[0])
        assert [] == site.asked("restore")["files"]
        assert "resample_to_cd = false" in site.why(masters[0])["decision"]["reason"]
