"""Plans of whole albums as people read them: scenario.json in, scenario.plan.json out."""

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from pacd.domain.hold import Cause
from pacd.domain.media import Codec, Quirk
from pacd.domain.output import Export, Output, OutputState
from pacd.domain.plan import Action, Album, Facts, PlanItem
from pacd.domain.policy import HardLinks, LibraryPolicy, MirrorPolicy
from pacd.domain.verdict import Integrity
from pacd.errors import FailureKind
from pacd.planning.outputs import Named, output_paths
from pacd.planning.planner import decide, plan
from tests.builders import (
    AT_TARGET,
    MD5,
    NOW,
    TAGS_MD5,
    album,
    check,
    export,
    facts,
    hold,
    observation,
    output,
    picture,
    policy,
    setback,
    track,
)

GOLDEN = Path(__file__).parent / "golden"
SCENARIOS = sorted(
    path.stem for path in GOLDEN.glob("*.json") if not path.name.endswith(".plan.json")
)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_plan_of_an_album(scenario: str, request: pytest.FixtureRequest) -> None:
    """P1: same facts, same wishes, same plan, with the same words (golden/SCENARIO.json)."""
    told = json.loads((GOLDEN / f"{scenario}.json").read_text("utf-8"))
    wishes = _policy(told["policy"])
    folder = _album(told["album"], wishes)
    found = {
        "items": [_shown(item) for item in plan(folder, wishes, NOW)],
        "standing": {str(each.path): decide(each, wishes, NOW).standing for each in folder.tracks},
    }
    golden = GOLDEN / f"{scenario}.plan.json"
    if request.config.getoption("--update-golden"):
        golden.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")

    assert json.loads(golden.read_text("utf-8")) == found


def _shown(item: PlanItem) -> Mapping[str, Any]:
    words = {
        "path": str(item.path),
        "action": item.action,
        "mirror": item.mirror,
        "target": str(item.target or ""),
        "cause": item.cause or "",
        "reason": item.reason,
    }
    return {name: value for name, value in words.items() if value}


def _policy(told: Mapping[str, Any]) -> LibraryPolicy:
    return policy(
        mirrors=[_mirror(each) for each in told.get("mirrors", [])],
        artwork=told.get("artwork", False),
        max_px=told.get("max_px", 0),
        target=told.get("target_compression", 8),
        hardlinks=HardLinks(told.get("hardlinks", "skip")),
        resample=told.get("resample_to_cd", False),
        resampler=told.get("resampler", "ffmpeg"),
    )


def _mirror(told: Mapping[str, Any]) -> MirrorPolicy:
    return MirrorPolicy(
        told["name"],
        Path("/mirrors") / told["name"],
        Codec(told.get("codec", "opus")),
        told.get("bitrate_kbps", 128),
    )


def _album(told: Mapping[str, Any], wishes: LibraryPolicy) -> Album:
    folder = PurePosixPath(told["path"])
    paths = sorted(folder / each["name"] for each in told["tracks"])
    named = {mirror.name: output_paths(paths, mirror) for mirror in wishes.mirrors}
    tracks = []
    for each in sorted(told["tracks"], key=lambda one: one["name"]):
        path = folder / each["name"]
        targets = {name: by[path] for name, by in named.items()}
        tracks.append(_facts(str(path), each, targets, wishes))
    exports = [_export(each) for each in told.get("exports", [])]
    return album(*tracks, path=told["path"], exports=exports)


def _facts(
    path: str,
    told: Mapping[str, Any],
    targets: Mapping[str, Named],
    wishes: LibraryPolicy,
) -> Facts:
    integrity = told.get("integrity")
    md5 = told.get("md5", MD5)
    known: dict[str, Any] = {
        "observation": observation(links=told.get("links", 1)),
        "track": None if integrity in {None, "not-flac"} else _track(told, md5),
        "check": check(
            Integrity(integrity),
            md5=told.get("decoded_md5", md5),
            age=timedelta(days=told.get("tested_days_ago", 1)),
            message=told.get("verdict"),
        )
        if integrity
        else None,
        "outputs": {
            mirror.name: _output(targets[mirror.name], told, mirror) for mirror in wishes.mirrors
        },
        "holds": tuple(hold(Cause(cause), path) for cause in told.get("holds", [])),
        "accepted": frozenset(Cause(cause) for cause in told.get("accepted", [])),
        "setbacks": tuple(
            setback(
                Action(each["action"]),
                FailureKind(each["kind"]),
                tries=each.get("tries", 1),
                mirror=each.get("mirror", ""),
                due_in=timedelta(seconds=each.get("due_in_s", 30)),
            )
            for each in told.get("setbacks", [])
        ),
        "rewrites": told.get("rewrites", 0),
        "restored": told.get("restored", False),
        "restless": timedelta(minutes=told["restless_min"]) if "restless_min" in told else None,
    }
    return facts(path, **known)


def _track(told: Mapping[str, Any], md5: str) -> Any:
    return track(
        rate_hz=told.get("rate_hz", 44_100),
        bits=told.get("bits", 16),
        channels=told.get("channels", 2),
        md5=md5,
        tags=told.get("tags", {}),
        tags_md5=told.get("tags_md5", TAGS_MD5),
        pictures=[picture(told["cover"])] if "cover" in told else [],
        compression=told.get("compression", AT_TARGET),
        quirks=[Quirk(each) for each in told.get("quirks", [])],
    )


def _output(target: Named, told: Mapping[str, Any], mirror: MirrorPolicy) -> Output:
    """An output up to date with a master that was never retagged, unless told otherwise."""
    state = OutputState(told.get("outputs", {}).get(mirror.name, "missing"))
    made_from = {
        "src_md5": told.get("mirrored_md5", MD5),
        "quality": told.get("mirrored_quality", mirror.quality),
        "src_tags": mirror.tags_hash(TAGS_MD5),
    }
    known = made_from if state is OutputState.OURS else {}
    return output(str(target.path), state, renamed=target.reason, **known)


def _export(told: Mapping[str, Any]) -> Export:
    return export(
        told["target"],
        told["source"],
        picture_md5=told["cover"],
        source_present=told.get("source_present", True),
        present=told.get("present", True),
    )
