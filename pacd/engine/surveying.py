"""Records what walks and visits saw, as far as their library's root can be vouched for (w09)."""

from datetime import UTC, datetime

from pacd.domain.policy import LibraryPolicy
from pacd.engine.audits import Audit
from pacd.engine.survey import Displaced, Tally, survey
from pacd.engine.vouching import Vouched
from pacd.intake.audit import FolderView
from pacd.store.database import Store


class Surveyor:
    """Belongs to the engine's thread."""

    def __init__(self, store: Store, vouched: Vouched) -> None:
        self._store = store
        self._vouched = vouched
        self._displaced = Displaced()

    def survey(
        self, library_id: int, policy: LibraryPolicy, view: FolderView, walk: Audit | None = None
    ) -> Tally:
        """
        Record what a look at one folder showed.

        Args:
            walk: What looked; None for a visit.
        """
        return survey(
            self._store,
            library_id,
            policy.root,
            view,
            displaced=self._displaced,
            withheld=self._vouched.withholding(self._store, library_id, policy, view.path, walk),
            now=datetime.now(UTC),
        )
