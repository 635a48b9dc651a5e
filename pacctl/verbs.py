"""What pacctl understands: every verb, and its module."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # typing is not loaded for it: it takes 4 of the 30 ms of `status` (B5)
if TYPE_CHECKING:
    from pacctl.session import Command

# Verb → the module of its family in pacctl.commands, loaded when it is asked
# for, and what it does.
VERBS = {
    "status": ("status", "how the daemon does, on one screen"),
    "holds": ("holds", "what needs a person; `holds show ID` for all of one"),
    "release": ("holds", "end holds: try again, or --accept them as they are"),
    "plan": ("work", "what would be done and why; changes nothing"),
    "scan": ("work", "look at PATH, or everything, now"),
    "queue": ("work", "what runs and what waits"),
    "follow": ("follow", "events as they happen"),
    "wait": ("work", "block until nothing is left to do"),
    "why": ("files", "all that is known of one file"),
    "history": ("files", "what was seen and done, newest last"),
    "pause": ("pause", "start nothing new, for a time or until `resume`"),
    "resume": ("pause", "go on"),
    "prune": ("prune", "remove outputs that no master wants; --dry-run only lists them"),
    "restore": ("restore", "bring files back from the recycle bin; without ID, list it"),
    "health": ("condition", "for monitors: exit 0 ok, 1 degraded, 2 failed, 3 not running"),
    "doctor": ("condition", "look at tools, limits, rights and disks"),
    "config": ("config", "`config show` the settings in force, `config check` a file"),
    "reload": ("config", "read the configuration again"),
    "completion": ("completion", "a completion script for bash, zsh or tcsh"),
}


def command(verb: str) -> Command:
    """What carries a verb out."""
    module = import_module(f"pacctl.commands.{VERBS[verb][0]}")
    found: Command = module.COMMANDS[verb]
    return found
