"""Options of the whole test run."""

import pytest

import pacd.analysis  # noqa: F401 -- tells numpy how many threads it may have, before anybody loads it


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write golden plans anew from their scenarios"
    )
    parser.addoption(
        "--update-docs",
        action="store_true",
        help="write docs/outcomes.md and the tables of docs/guide.md anew",
    )
