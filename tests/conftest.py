"""Options of the whole test run."""

import pytest
from hypothesis import HealthCheck, settings

import pacd.analysis  # noqa: F401 -- tells numpy how many threads it may have, before anybody loads it

# How long an example takes says nothing on a machine that has other things to do.
settings.register_profile("pac", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pac")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write golden plans anew from their scenarios"
    )
    parser.addoption(
        "--update-docs",
        action="store_true",
        help="write docs/outcomes.md and the tables of docs/guide.md anew",
    )
