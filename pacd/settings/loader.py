"""Reads the configuration from its file and the environment: the only place that does."""

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from pacd.domain.policy import WorkerLimits
from pacd.errors import ConfigError
from pacd.settings import environment, file, places
from pacd.settings.contradictions import contradictions
from pacd.settings.file import ConfigFile, Location
from pacd.settings.loaded import Settings, flat
from pacd.settings.mistakes import refusal, sentence
from pacd.settings.roots import LibrarySection
from pacd.settings.sections import Sections, WorkersSection


def load_settings(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """
    Read and check the whole configuration; nothing is changed or created.

    Args:
        path: The file that --config names; None searches as the manual says.
        environ: The process's environment.

    Raises:
        ConfigError: Every mistake that was found, each a sentence with the fix.
    """
    mistakes = list(environment.misspelt(environ))
    try:
        config = file.read(file.find(path, environ))
    except ConfigError as exc:
        raise refusal([*mistakes, str(exc)]) from exc
    overrides = environment.overrides(environ)
    try:
        sections = _layered(overrides, config.values)
    except ValidationError as exc:
        errors = exc.errors(include_url=False)
        mistakes += [_located(sentence(error), error["loc"], config, overrides) for error in errors]
        # What is left without the faulty keys is checked too: all mistakes at once.
        bad = {
            error["loc"][:-1] if error["type"] == "missing" else error["loc"] for error in errors
        }
        sections = _layered(_without(overrides, bad), _without(config.values, bad))
    settings = _completed(sections, config, overrides, environ)
    mistakes += [f"{config.path}: {mistake}" for mistake in contradictions(settings, config)]
    if mistakes:
        raise refusal(mistakes)
    return settings


def _layered(overrides: dict[str, Any], values: dict[str, Any]) -> Sections:
    """The environment above the file above the defaults."""

    class Layered(Sections):
        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_usual: Any, **_named: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            """The usual sources ignore misspelt variables and missing files (decisions/0003)."""
            return (
                InitSettingsSource(settings_cls, overrides),
                InitSettingsSource(settings_cls, values),
            )

    return Sections.model_construct(**dict(Layered()))


def _without(value: Any, bad: Collection[Location], at: Location = ()) -> Any:
    """A copy that lacks what stands at the bad locations."""
    if isinstance(value, dict):
        kept = ((key, inner) for key, inner in value.items() if (*at, key) not in bad)
        return {key: _without(inner, bad, (*at, key)) for key, inner in kept}
    if isinstance(value, list):
        numbered = ((n, inner) for n, inner in enumerate(value) if (*at, n) not in bad)
        return [_without(inner, bad, (*at, n)) for n, inner in numbered]
    return value


def _located(
    what: str, location: Location, config: ConfigFile, overrides: Mapping[str, Mapping[str, str]]
) -> str:
    """Put the variable, or the file and line, before a sentence."""
    match location[:2]:
        case (str(section), str(key)) if key in overrides.get(section, {}):
            return f"{environment.variable_of(section, key)}: {what}"
    lines = (
        config.lines[location[:end]]
        for end in range(len(location), 0, -1)
        if location[:end] in config.lines
    )
    line = next(lines, None)
    return f"{config.path}:{line}: {what}" if line else f"{config.path}: {what}"


def _completed(
    sections: Sections,
    config: ConfigFile,
    overrides: Mapping[str, Mapping[str, str]],
    environ: Mapping[str, str],
) -> Settings:
    """Fill in what was left open and make every path absolute."""
    origins = {key: str(config.path) for key in flat(config.values)}
    for section, values in overrides.items():
        origins |= {f"{section}.{key}": environment.variable_of(section, key) for key in values}

    def placed(path: Path, key: str) -> Path:
        set_by_variable = origins.get(key, "").startswith("$")
        base = Path.cwd() if set_by_variable else config.path.parent
        return places.absolute(path, environ, base=base)

    found = {"state_dir": places.state_dir, "socket": places.socket}
    daemon: dict[str, Path] = {}
    for key, search in found.items():
        given = getattr(sections.daemon, key)
        if given is None:
            daemon[key], origins[f"daemon.{key}"] = search(environ)
        else:
            daemon[key] = placed(given, f"daemon.{key}")
    workers = worker_limits(sections.workers, cores=len(os.sched_getaffinity(0)))
    update: dict[str, Any] = {
        "daemon": sections.daemon.model_copy(update=daemon),
        "workers": WorkersSection.model_construct(**asdict(workers)),
        "library": tuple(_named(library, placed) for library in sections.library),
    }
    for section, key in _PLACES:
        table = update.get(section, getattr(sections, section))
        if path := getattr(table, key):
            absolute = placed(path, f"{section}.{key}")
            update[section] = table.model_copy(update={key: absolute})
    complete = sections.model_copy(update=update)
    return Settings(config.path, complete, **daemon, workers=workers, origins=origins)


# The paths that have a default or may stay unset, besides those of the daemon.
_PLACES: Final = (
    ("authenticity", "aucdtect"),
    ("authenticity", "lac"),
    ("spectrogram", "root"),
    ("artwork", "root"),
    ("tagging", "models_dir"),
)


def _named(library: LibrarySection, placed: Callable[[Path, str], Path]) -> LibrarySection:
    """A library and its mirrors under their names and absolute roots."""
    root = placed(library.root, "library")
    mirrors = tuple(
        mirror.model_copy(
            update={
                "name": mirror.name or mirror.codec.value,
                "root": placed(mirror.root, "library"),
            }
        )
        for mirror in library.mirror
    )
    name = library.name or root.name
    return library.model_copy(update={"name": name, "root": root, "mirror": mirrors})


def worker_limits(section: WorkersSection, *, cores: int) -> WorkerLimits:
    """Derive from the cores what is unset."""
    total = section.total or cores
    return WorkerLimits(
        total=total,
        encode=section.encode or total,
        analysis=section.analysis or total,
        art=section.art or 1,
    )
