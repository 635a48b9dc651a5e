"""The configuration: pydantic-settings where text comes in, plain values where it goes on."""

from pacd.settings.loaded import Settings, in_force, needs_restart
from pacd.settings.loader import load_settings

__all__ = ["Settings", "in_force", "load_settings", "needs_restart"]
