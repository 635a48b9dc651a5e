"""The kinds of value a setting may have, each with the sentence that refuses others."""

import json
import os
import re
from pathlib import Path, PurePosixPath
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

# What may stand in [artwork] pattern; the tags of a master fill these in (F7).
PLACEHOLDERS: Final = ("albumartist", "artist", "album", "date", "disc")

NAME_CHARS: Final = 100

# Those of FFmpeg's showspectrumpic, and of pacd.analysis.colours, which the daemon does not load.
COLORS: Final = (
    "cividis",
    "cool",
    "fiery",
    "fire",
    "fruit",
    "green",
    "intensity",
    "magma",
    "moreland",
    "nebulae",
    "plasma",
    "rainbow",
    "terrain",
    "viridis",
)

MAX_PICTURE_PX: Final = 4_096
"""Of a spectrogram's side: a plot of 4096 x 4096 holds 134 MB while it is painted."""


def _path(value: object) -> Path:
    """Stands for pydantic's own, which refuses names that are not UTF-8."""
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise ValueError("it should be the path of a folder or file")
    text = str(value)
    if re.match("~[^/]", text) and (text := os.path.expanduser(text)).startswith("~"):  # noqa: PTH111  # Path raises RuntimeError instead
        raise ValueError("there is no user of that name")
    return Path(text)


def _list(value: object) -> object:
    """The environment has only text: JSON, or values between commas."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("["):
        return [part.strip() for part in value.split(",") if part.strip()]
    try:
        return json.loads(value)
    except json.JSONDecodeError as exc:
        raise ValueError(f"it is not a list in JSON: {exc}") from exc


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("it should not be empty")
    return value


def fit_name(value: str) -> str:
    """
    Give back what may name a library or mirror.

    Names are shown in commands, addresses and tables: nothing that would need quoting there.

    Raises:
        ValueError: It may not.
    """
    if not value.strip() or not value.isprintable() or "/" in value or len(value) > NAME_CHARS:
        raise ValueError(f"it should be 1 to {NAME_CHARS} printable characters without a slash")
    return value


def _resolution(value: str) -> str:
    if not re.fullmatch(r"[1-9]\d{1,4}x[1-9]\d{1,4}", value):
        raise ValueError("it should be width and height in pixels, as in 1280x720")
    if max(map(int, value.split("x"))) > MAX_PICTURE_PX:
        raise ValueError(f"neither side should be longer than {MAX_PICTURE_PX} pixels")
    return value


def _color(value: str) -> str:
    if value not in COLORS:
        raise ValueError(f"it should be the name of a colour map: {', '.join(COLORS)}")
    return value


def _pattern(value: str) -> str:
    """Refuse what could leave the art root or put all covers into one file."""
    known = " ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    names = re.findall(r"\{([^{}]*)\}", value)
    for name in names:
        if name not in PLACEHOLDERS:
            raise ValueError(f"{{{name}}} is not one of {known}")
    if not names or re.search("[{}]", re.sub(r"\{[^{}]*\}", "", value)):
        raise ValueError(f"it needs at least one of {known}, each in its two braces")
    if any(part in {"", ".", ".."} for part in value.split("/")) or not value.isprintable():
        raise ValueError("it should be a file's path below the art root, without . and ..")
    return value


def _sidecar(value: str) -> str:
    if not value or PurePosixPath(value).name != value or value in {".", ".."} or "\0" in value:
        raise ValueError("it should be a file name, or an extension with its dot")
    return value


Place = Annotated[Path, PlainValidator(_path)]
Text = Annotated[str, AfterValidator(_text)]
Words = Annotated[tuple[Text, ...], BeforeValidator(_list)]
Name = Annotated[str, AfterValidator(fit_name)]
Resolution = Annotated[str, AfterValidator(_resolution)]
Color = Annotated[str, AfterValidator(_color)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Sidecars = Annotated[tuple[Annotated[str, AfterValidator(_sidecar)], ...], BeforeValidator(_list)]
Detectors = Annotated[tuple[Literal["builtin", "aucdtect", "lac"], ...], BeforeValidator(_list)]
Count = Annotated[int, Field(ge=1, le=1024)]


class Section(BaseModel):
    """One table of the file: complete, closed and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)
