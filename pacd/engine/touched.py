"""Folders that events tell of: waited for until they are quiet, then visited or walked."""

import time

from pacd.engine.auditor import Auditor
from pacd.engine.pipeline import Pipeline
from pacd.engine.visit import Urgency
from pacd.intake.audit import ignored_folder
from pacd.intake.debounce import Place, topmost


class Touched:
    """Both methods belong to the engine's thread."""

    def __init__(self, pipeline: Pipeline, auditor: Auditor) -> None:
        self._pipeline = pipeline
        self._auditor = auditor
        self._trees: set[Place] = set()

    def note(self, place: Place, *, tree: bool) -> bool:
        """
        Wait for a folder to be quiet.

        Args:
            tree: Whether all below it may have changed.

        Returns:
            False for a folder that is ignored.
        """
        if ignored_folder(place.folder, self._pipeline.ignore):
            return False
        place, tree = self._pipeline.debouncer.gathered(place, tree=tree)
        if tree:
            self._trees.add(place)
        self._pipeline.debouncer.touch(place, now_s=time.monotonic())
        return True

    def look(self) -> None:
        """Visit folders that have been quiet; walk those where all below was touched too."""
        settled = self._pipeline.settled()
        trees = self._trees.intersection(settled)
        for place in topmost(settled, trees):
            if place in trees:
                self._auditor.walk(place)
            else:
                self._pipeline.want(place, Urgency.LIVE)
        if settled:  # none stays that waits as a part of its library by now
            self._trees.intersection_update(self._pipeline.debouncer)
