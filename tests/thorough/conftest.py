"""The fixtures of the end-to-end tests that are wanted here too."""

import pytest

pytest.register_assert_rewrite("tests.e2e.installed", "tests.e2e.running", "tests.e2e.starting")

from tests.e2e.conftest import site  # noqa: E402, F401
from tests.e2e.installed import guest, machine, service  # noqa: E402, F401
