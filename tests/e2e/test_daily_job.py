"""The daily job: albums arrive in every way, and each ends in order without anyone watching."""

import shutil
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import mutagen.flac
import mutagen.oggopus
import pytest
from PIL import Image

from pacd.files.opus import audio_digest
from tests.audio import stated_md5, write_flac
from tests.e2e.albums import album_tags, make_album
from tests.e2e.order import assert_in_order, await_outputs, masters, output_of, tree
from tests.e2e.running import Pacd, Site, until

ALBUM = Path("Ärtist 0") / "Album 0"


def _copied(album: Path, target: Path) -> None:
    target.parent.mkdir(parents=True)
    subprocess.run(["cp", "-r", album, target], check=True)


def _moved(album: Path, target: Path) -> None:
    target.parent.mkdir(parents=True)
    album.rename(target)


def _moved_with_its_artist(album: Path, target: Path) -> None:
    album.parent.rename(target.parent)


def _synchronised(album: Path, target: Path) -> None:
    source, into = f"{album.parent.parent}/", f"{target.parent.parent}/"
    subprocess.run(["rsync", "-a", source, into], check=True)


@pytest.mark.parametrize(
    "bring",
    [
        pytest.param(_copied, id="cp -r"),
        pytest.param(_moved, id="mv"),
        pytest.param(_moved_with_its_artist, id="mv of a tree"),
        pytest.param(_synchronised, id="rsync -a"),
    ],
)
def test_an_album_that_arrives_ends_in_order(
    site: Site, bring: Callable[[Path, Path], None]
) -> None:
    """W1, F3, F7, M1, M3, M6, M7: what is dropped into a watched library ends in order."""
    make_album(site.base / "outside" / ALBUM, tracks=3, seed=1)
    with site.running() as daemon:
        bring(site.base / "outside" / ALBUM, site.library / ALBUM)
        await_outputs(site, [site.library / ALBUM / path.name for path in _names(site)])

        assert [] == daemon.events("flac_test_err", "hold")
        assert_in_order(site)


def _names(site: Site) -> list[Path]:
    return sorted((site.library / ALBUM).glob("*.flac"))


def test_an_album_moved_within_the_library_ends_in_order(site: Site) -> None:
    """W1, w07: a folder renamed in the library is in order there; no master is redone."""
    make_album(site.library / ALBUM)
    with site.running() as daemon:
        await_outputs(site)
        (site.library / "Somebody").mkdir()
        (site.library / ALBUM).rename(site.library / "Somebody" / "Else")
        await_outputs(site)

        assert_in_order(site)
        assert 2 == len(daemon.events("recompress_ok", "recompress_skip"))


def test_a_slow_copy_is_left_alone_until_it_is_closed(site: Site) -> None:
    """W6, w11: a copy that pauses for longer than settle_s is not touched while it is open."""
    source = make_album(site.base / "outside" / ALBUM, tracks=1)[0]
    target = site.library / ALBUM / source.name
    target.parent.mkdir(parents=True)
    data = source.read_bytes()
    with site.running() as daemon:
        with target.open("wb", buffering=0) as copy:
            for piece in (data[:20_000], data[20_000:70_000], data[70_000:]):
                copy.write(piece)
                _outlast(site)

                assert "settling" == site.why(target)["state"]
        until(lambda: output_of(site, target).exists())
        site.pacctl("wait")

        assert [] == daemon.events("flac_test_err", "hold")
        assert_in_order(site)


def _outlast(site: Site) -> None:
    """Be quiet for longer than the daemon waits: the pause is what is tested."""
    end_s = time.monotonic() + 3 * site.settings["watch"]["settle_s"]
    until(lambda: time.monotonic() > end_s)


def test_a_copy_that_is_opened_again_and_again_ends_in_order(site: Site) -> None:
    """W6, w11, H2: a part that looked finished is held at most until the rest has come."""
    source = make_album(site.base / "outside" / ALBUM, tracks=1)[0]
    target = site.library / ALBUM / source.name
    target.parent.mkdir(parents=True)
    data = source.read_bytes()
    with site.running() as daemon:
        for end in (20_000, 70_000):
            judged = len(daemon.events("flac_test_err"))
            with target.open("ab", buffering=0) as copy:
                copy.write(data[target.stat().st_size : end])
            until(partial(_judged_again, daemon, judged))

            assert data[:end] == target.read_bytes()
            until(lambda: [hold["cause"] for hold in site.holds().values()] == ["corrupt"])
        with target.open("ab") as copy:
            copy.write(data[70_000:])
        until(lambda: output_of(site, target).exists())
        site.pacctl("wait")

        assert {} == site.holds()
        assert_in_order(site)


def _judged_again(daemon: Pacd, before: int) -> bool:
    return len(daemon.events("flac_test_err")) > before


def _all_but_config(site: Site) -> dict[Path, Any]:
    return dict(tree(site.library, site.mirror, site.art))


def test_w21_a_second_run_writes_nothing(site: Site) -> None:
    """P4, W2, w21: after the daemon, `pacd --once` changes no inode and no time of any file."""
    for number in range(2):
        make_album(site.library / f"Artist {number}" / "Album", seed=number)
    (site.library / "notes.txt").write_text("mine")
    with site.running() as daemon:
        await_outputs(site)

        assert 0 == daemon.stop()
    before = _all_but_config(site)
    summary = site.once()

    assert before == _all_but_config(site)
    assert (4, 0) == (summary["counts"]["mirror"]["unchanged"], _work_of(summary))


def _work_of(summary: Any) -> int:
    """How much a run has written or tested."""
    counts = summary["counts"]
    library = ("tested_ok", "tested_err", "recompressed", "art_exported", "held", "failed")
    mirror = ("encoded", "retagged", "renamed", "pruned", "failed")
    done = [counts["library"][name] for name in library]
    return sum(done + [counts["mirror"][name] for name in mirror])


def test_the_database_can_be_lost(site: Site) -> None:
    """M4, S4: without its database PAC writes nothing anew, and counts as before."""
    make_album(site.library / ALBUM, tracks=3)
    first = site.once()
    assert_in_order(site)
    before = _all_but_config(site)
    shutil.rmtree(site.state)
    again = site.once()

    assert before == _all_but_config(site)
    assert (3, 0) == (first["counts"]["mirror"]["encoded"], again["counts"]["mirror"]["encoded"])
    assert 3 == again["counts"]["mirror"]["unchanged"]
    assert_in_order(site)
    with site.running():
        until(lambda: site.got("wait")["idle"])
        counts = site.status()["counts"]
        found = {name: counts["library"][name] for name in ("scanned", "tested_ok")}

        assert {"scanned": 3, "tested_ok": 3} == found
        assert (3, 3) == (counts["library"]["recompress_skipped"], counts["mirror"]["unchanged"])


def _edit(master: Path, **tags: str | list[str]) -> None:
    """Change tags in place, as a tagger does."""
    audio: Any = mutagen.flac.FLAC(master)
    audio.update(tags)
    audio.save()


def _tags(output: Path) -> Any:
    return mutagen.oggopus.OggOpus(output)


def test_an_edit_of_tags_reaches_the_mirror_at_once(site: Site) -> None:
    """M5: a tag edited while the daemon runs is rewritten in the output; no audio is encoded."""
    edited, other = make_album(site.library / ALBUM)
    with site.running() as daemon:
        await_outputs(site)
        audio, untouched = audio_digest(output_of(site, edited)), tree(output_of(site, other))
        _edit(edited, TITLE=["New", "Titles"], COMMENT="x" * 20_000)
        written = tree(edited)
        until(lambda: _tags(output_of(site, edited))["TITLE"] == ["New", "Titles"])
        site.pacctl("wait")

        assert audio == audio_digest(output_of(site, edited))
        assert (written, untouched) == (tree(edited), tree(output_of(site, other)))
        assert (2, 1) == (
            len(daemon.events("mirror_encode_ok")),
            len(daemon.events("mirror_retag_ok")),
        )
        assert_in_order(site)


def test_an_edit_of_tags_while_down_reaches_the_mirror(site: Site) -> None:
    """M5, w14: the next run finds what was edited meanwhile, and rewrites only those tags."""
    edited, other = make_album(site.library / ALBUM)
    site.once()
    audio, untouched = audio_digest(output_of(site, edited)), tree(output_of(site, other))
    _edit(edited, TITLE=["New", "Titles"], GENRE=[])
    written = tree(edited)
    counts = site.once()["counts"]

    assert audio == audio_digest(output_of(site, edited))
    assert (written, untouched) == (tree(edited), tree(output_of(site, other)))
    assert (0, 1, 0) == (
        counts["mirror"]["encoded"],
        counts["mirror"]["retagged"],
        counts["library"]["recompressed"],
    )
    assert_in_order(site)


@pytest.mark.parametrize("atomic", [True, False], ids=["by rename", "in place"])
def test_replaced_audio_is_encoded_anew(site: Site, atomic: bool) -> None:
    """M5: other audio under the same name is tested, recompressed and mirrored again."""
    master, _other = make_album(site.library / ALBUM)
    with site.running():
        await_outputs(site)
        new = write_flac(
            site.base / "new.flac", seconds=0.7, tags=album_tags(master.parent, 1), seed=77
        )
        if atomic:
            new.rename(master)
        else:
            shutil.copyfile(new, master)
        wanted = stated_md5(master)
        until(lambda: _tags(output_of(site, master))["PAC_SRC_MD5"] == [wanted])
        site.pacctl("wait")

        assert wanted == stated_md5(master)
        assert_in_order(site)


def test_another_quality_encodes_anew(site: Site) -> None:
    """M5: another bitrate in the settings reaches every output by a reload; masters rest."""
    make_album(site.library / ALBUM)
    with site.running():
        await_outputs(site)
        before, old = tree(site.library), [_quality(site, master) for master in masters(site)]
        site.change("mirror", bitrate_kbps=64)
        site.pacctl("reload")
        until(lambda: all(_quality(site, master) not in old for master in masters(site)))
        site.pacctl("wait")

        assert before == tree(site.library)
        assert_in_order(site)


def _quality(site: Site, master: Path) -> str:
    (found,) = _tags(output_of(site, master))["PAC_QUALITY"]
    return str(found)


def test_another_limit_for_covers_only_retags(site: Site) -> None:
    """M5, M6: smaller covers in the settings rewrite tags; the audio stays as it is."""
    make_album(site.library / ALBUM)
    site.once()
    outputs = [output_of(site, master) for master in masters(site)]
    audio = [audio_digest(output) for output in outputs]
    site.change("mirror", art_max_px=16)
    counts = site.once()["counts"]

    assert (0, 2) == (counts["mirror"]["encoded"], counts["mirror"]["retagged"])
    assert audio == [audio_digest(output) for output in outputs]
    assert {(16, 16)} == {_cover_size(output) for output in outputs}
    assert_in_order(site)


def _cover_size(output: Path) -> tuple[int, int]:
    (block,) = _tags(output)["METADATA_BLOCK_PICTURE"]
    picture = mutagen.flac.Picture(b64decode(block))
    with Image.open(BytesIO(picture.data)) as image:
        return image.size
