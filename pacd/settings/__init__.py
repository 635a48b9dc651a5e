"""The configuration: pydantic-settings where text comes in, plain values where it goes on."""

from pacd.settings.loaded import Settings, needs_restart
from pacd.settings.loader import load_settings

__all__ = ["Settings", "load_settings", "needs_restart"]
