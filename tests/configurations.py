"""Configurations for tests: real files, and an environment that is given, never this machine's."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from pacd.errors import ConfigError
from pacd.settings import load_settings

MUSIC = '[[library]]\nroot = "/srv/music"\n'


def write(folder: Path, text: str) -> Path:
    """Write a configuration and give back its path."""
    path = folder / "pacd.toml"
    path.write_text(text)
    return path


def environ(**variables: str) -> Mapping[str, str]:
    """An environment with a home and what a test adds."""
    return {"HOME": "/home/anna", **variables}


def mistakes(path: Path | None, **variables: str) -> str:
    """What is said of a configuration that must be refused."""
    with pytest.raises(ConfigError) as caught:
        load_settings(path, environ(**variables))
    return str(caught.value)
