"""Settings as values, from real files and a given environment."""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest

from pacd.domain.media import Codec
from pacd.domain.policy import (
    AuthenticityPolicy,
    HardLinks,
    MirrorPolicy,
    OpusGain,
    SpectrogramPolicy,
    StopOn,
    WorkerLimits,
)
from pacd.domain.verdict import Detector
from pacd.errors import UnknownError
from pacd.settings import Settings, load_settings, needs_restart
from tests.configurations import MUSIC, environ, write

SIDECARS = (".lrc", ".cue", "cover.jpg", "folder.jpg")

DEFAULTS = {
    "daemon": {
        "state_dir": "/home/anna/.local/state/pacd",
        "socket": "/run/pacd/pacd.sock",
        "log_level": "info",
        "log_format": "auto",
    },
    "watch": {"settle_s": 10.0, "max_delay_s": 600.0, "mode": "auto", "ignore": []},
    "audit": {
        "interval_hours": 24,
        "jitter_minutes": 30,
        "verify_after_days": 90,
        "min_free_mib": 1024,
    },
    "flac": {
        "target_compression": 8,
        "resample_to_cd": True,
        "stop_on": "error",
        "continue_on_issues": False,
        "keep_mtime": True,
        "hardlinks": "skip",
    },
    "authenticity": {
        "enabled": True,
        "skip_highbit": True,
        "skip_lossy_mastered": True,
        "skip_tags": ["LOSSYMASTERED", "WEB"],
        "detectors": ["builtin", "aucdtect", "lac"],
        "aucdtect": None,
        "lac": None,
    },
    "spectrogram": {
        "enabled": False,
        "resolution": "1280x720",
        "color": "rainbow",
        "root": None,
    },
    "artwork": {
        "enabled": True,
        "root": "/home/anna/Music/_art",
        "pattern": "{albumartist}/{album}/front.jpg",
        "max_px": 0,
    },
    "recycle": {"retention_days": 30},
    "tagging": {"auto": False, "models_dir": None, "ignore": []},
    "library": [{"name": "music", "root": "/srv/music", "mirror": []}],
}

TWO_LIBRARIES = """
[audit]
verify_after_days = 7
[flac]
target_compression = 5
keep_mtime = false
hardlinks = "break"
[artwork]
root = "/srv/art"
pattern = "{artist}/{album} {disc}.jpg"
max_px = 600
[[library]]
root = "/srv/music"
[[library.mirror]]
root = "/srv/opus"
bitrate_kbps = 96
opus_gain = "both"
fat_safe = false
[[library.mirror]]
name = "phone"
codec = "aac"
quality = 5
root = "/srv/phone"
art_max_px = 300
art_max_kib = 60
[[library]]
name = "Klassik"
root = "/srv/klassik"
"""


def test_every_key_has_the_default_of_the_manual(tmp_path: Path) -> None:
    """1.2: with a library's root alone, everything is as the requirements say."""
    effective = load_settings(write(tmp_path, MUSIC), environ()).effective()
    cores = len(os.sched_getaffinity(0))

    workers = {"total": cores, "encode": cores, "analysis": cores, "art": 1}

    assert DEFAULTS | {"workers": workers} == effective


def test_mirror_defaults(tmp_path: Path) -> None:
    """1.2: a mirror needs a root alone; its name is its codec."""
    settings = load_settings(
        write(tmp_path, MUSIC + '[[library.mirror]]\nroot = "/srv/opus"\n'), environ()
    )

    assert {
        "name": "opus",
        "root": "/srv/opus",
        "codec": "opus",
        "bitrate_kbps": 128,
        "quality": 4,
        "art_max_px": 1000,
        "art_max_kib": 500,
        "opus_gain": "r128",
        "sidecars": [".lrc", ".cue", "cover.jpg", "folder.jpg"],
        "prune": False,
        "fat_safe": True,
    } == settings.effective()["library"][0]["mirror"][0]


def test_libraries_as_policies(tmp_path: Path) -> None:
    """1.2: what planning and steps get is the owner's wishes, complete and typed."""
    settings = load_settings(
        write(tmp_path, TWO_LIBRARIES),
        environ(),
    )
    music, klassik = settings.libraries()

    assert ("music", Path("/srv/music")) == (music.name, music.root)
    assert ("Klassik", Path("/srv/klassik")) == (klassik.name, klassik.root)
    assert () == klassik.mirrors
    assert music.flac == klassik.flac
    assert (5, timedelta(days=7), False, HardLinks.BREAK) == (
        music.flac.target_compression,
        music.flac.verify_after,
        music.flac.keep_mtime,
        music.flac.hardlinks,
    )
    assert (True, Path("/srv/art"), "{artist}/{album} {disc}.jpg", 600) == (
        music.artwork.enabled,
        music.artwork.root,
        music.artwork.pattern,
        music.artwork.max_px,
    )
    assert (
        MirrorPolicy(
            name="opus",
            root=Path("/srv/opus"),
            bitrate_kbps=96,
            opus_gain=OpusGain.BOTH,
            fat_safe=False,
            sidecars=SIDECARS,
        ),
        MirrorPolicy(
            name="phone",
            root=Path("/srv/phone"),
            codec=Codec.AAC,
            art_max_px=300,
            art_max_kib=60,
            vbr_mode=5,
            sidecars=SIDECARS,
        ),
    ) == music.mirrors


def test_watch_and_audit_values(tmp_path: Path) -> None:
    """1.2: sections are values with their units; audits come as time spans too."""
    settings = load_settings(
        write(
            tmp_path,
            "[watch]\nsettle_s = 2\n[audit]\ninterval_hours = 0.5\njitter_minutes = 0\n" + MUSIC,
        ),
        environ(),
    )

    assert 2.0 == settings.watch.settle_s
    assert (timedelta(minutes=30), timedelta(), timedelta(days=90)) == (
        settings.audit.interval,
        settings.audit.jitter,
        settings.audit.verify_after,
    )


def test_a_library_that_is_not_mounted_is_no_mistake(tmp_path: Path) -> None:
    """W3: whether a root is there is a matter of the moment, not of the configuration."""
    settings = load_settings(write(tmp_path, '[[library]]\nroot = "/nowhere/at/all"\n'), environ())

    assert Path("/nowhere/at/all") == settings.libraries()[0].root


@pytest.mark.parametrize(
    ("section", "limits"),
    [
        pytest.param("total = 6", WorkerLimits(6, 6, 6, 1), id="total"),
        pytest.param("total = 6\nencode = 2", WorkerLimits(6, 2, 6, 1), id="encode"),
        pytest.param("total = 6\nanalysis = 1\nart = 4", WorkerLimits(6, 6, 1, 4), id="others"),
    ],
)
def test_worker_limits(tmp_path: Path, section: str, limits: WorkerLimits) -> None:
    """P5: what is unset follows from the total, and nothing is above it."""
    assert (
        limits
        == load_settings(write(tmp_path, f"[workers]\n{section}\n{MUSIC}"), environ()).workers
    )


def test_w42_origins(tmp_path: Path) -> None:
    """1.3: w42: config show --origin tells default, file and variable apart, also in lists."""
    path = write(
        tmp_path, "[watch]\nsettle_s = 5.0\n" + MUSIC + "[[library.mirror]]\nroot = '/o'\n"
    )
    settings = load_settings(path, environ(PACD_WATCH__MODE="poll"))

    assert {
        "watch.settle_s": str(path),
        "watch.mode": "$PACD_WATCH__MODE",
        "watch.max_delay_s": "default",
        "workers.total": "default",
        "library.0.root": str(path),
        "library.0.name": "default",
        "library.0.mirror.0.root": str(path),
        "library.0.mirror.0.codec": "default",
    } == {
        key: settings.origin(key)
        for key in (
            *("watch.settle_s", "watch.mode", "watch.max_delay_s", "workers.total"),
            *("library.0.root", "library.0.name"),
            *("library.0.mirror.0.root", "library.0.mirror.0.codec"),
        )
    }
    with pytest.raises(UnknownError, match=r"watch\.settle"):
        settings.origin("watch.settle")


def test_effective_values_are_plain(tmp_path: Path) -> None:
    """1.3: what config show prints is JSON as it stands."""
    effective = load_settings(write(tmp_path, MUSIC), environ()).effective()

    assert effective == json.loads(json.dumps(effective))


def _loaded(tmp_path: Path, text: str, **variables: str) -> Settings:
    return load_settings(write(tmp_path, text + MUSIC), environ(**variables))


def test_what_only_a_restart_applies(tmp_path: Path) -> None:
    """1.3: after a reload the keys are named that still wait for a restart."""
    old = _loaded(tmp_path, "")
    same = _loaded(tmp_path, "[watch]\nsettle_s = 1\n[daemon]\nlog_level = 'debug'\n")
    new = _loaded(
        tmp_path, "[workers]\ntotal = 77\n", STATE_DIRECTORY="/elsewhere", RUNTIME_DIRECTORY="/r"
    )

    assert () == needs_restart(old, same)
    assert (
        *("daemon.state_dir", "daemon.socket"),
        *("workers.total", "workers.encode", "workers.analysis"),
    ) == needs_restart(old, new)


def test_authenticity_as_the_engine_gets_it(tmp_path: Path) -> None:
    """A1, A3, A5, P3: names of tags in any case; pictures and scratch below the state directory."""
    text = (
        '[daemon]\nstate_dir = "/var/lib/pacd"\n[flac]\nstop_on = "suspect"\n'
        '[authenticity]\nskip_tags = ["Bootleg"]\ndetectors = ["lac", "builtin"]\n'
        'lac = "tools/LAC"\n'
        '[spectrogram]\nenabled = true\nresolution = "640x360"\ncolor = "magma"\n'
    )
    settings = load_settings(write(tmp_path, text + MUSIC), environ())
    (library,) = settings.libraries()

    assert StopOn.SUSPECT == library.flac.stop_on
    assert (
        AuthenticityPolicy(
            skip_tags=("BOOTLEG",),
            detectors=(Detector.BUILTIN, Detector.LAC),
            versions=(),
            spectrogram=SpectrogramPolicy(Path("/var/lib/pacd/spectrograms"), 640, 360, "magma"),
            scratch=Path("/var/lib/pacd/scratch"),
        )
        == library.authenticity
    )
    assert {Detector.LAC: tmp_path / "tools" / "LAC"} == settings.detectors
    assert f"{tmp_path}/tools/LAC" == settings.effective()["authenticity"]["lac"]


@pytest.mark.parametrize(
    ("text", "stop_on", "drawn"),
    [
        ("", StopOn.ERROR, None),
        ('stop_on = "never"\n', StopOn.NEVER, None),
        ("continue_on_issues = true\n", StopOn.NEVER, None),
        ('stop_on = "suspect"\ncontinue_on_issues = true\n', StopOn.NEVER, None),
    ],
)
def test_what_suspects_stop(tmp_path: Path, text: str, stop_on: StopOn, drawn: None) -> None:
    """P3: continue_on_issues is stop_on = never; without pictures nothing is drawn."""
    (library,) = load_settings(write(tmp_path, f"[flac]\n{text}{MUSIC}"), environ()).libraries()

    assert (stop_on, drawn) == (library.flac.stop_on, library.authenticity.spectrogram)
