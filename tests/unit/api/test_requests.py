"""What clients may ask with."""

import pytest

from pacd.api.failures import RequestError
from pacd.api.requests import Arguments, body, query
from pacd.errors import UnknownError


def test_w53_undecodable_bytes_in_a_query_are_kept() -> None:
    """w53: a path that is no UTF-8 arrives as the file system spells it."""
    assert {"path": "/a\udcff b"} == query("/v1/why?path=/a%ff%20b")


@pytest.mark.parametrize(
    "content", [b"[]", b"1", b"{", b"\xff", b'"a"', b"[" * 60_000], ids=lambda each: each[:4]
)
def test_a_body_is_an_object(content: bytes) -> None:
    """w45: whatever comes, it is refused with a sentence."""
    with pytest.raises(RequestError):
        body(content)


def test_an_empty_body_asks_for_nothing() -> None:
    """X1: `curl -X POST` is enough for a command without arguments."""
    assert {} == body(b"")


@pytest.mark.parametrize("value", ["", "a\0b", 1, [], "a\ud800"])
def test_a_path_is_one_that_a_file_can_have(value: object) -> None:
    """X2: no path reaches the daemon that the system could not hold."""
    with pytest.raises(RequestError, match="path"):
        Arguments({"path": value}, ("path",)).path()


@pytest.mark.parametrize("value", ["a" * 256, "\u4e2d" * 86, "a/" * 2_048])
def test_no_file_has_so_long_a_path(value: str) -> None:
    """w45: what the file system would stumble over is not there: names are bytes, 255 of them."""
    with pytest.raises(UnknownError, match="so long a path"):
        Arguments({"path": value}, ("path",)).path()


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "9" * 40, -1, True, 1.0, None, "²"])
def test_a_number_is_a_whole_one(value: object) -> None:
    """w45: odd numbers are refused."""
    with pytest.raises(RequestError, match="limit"):
        Arguments({"limit": value}, ("limit",)).number("limit", most=100)


@pytest.mark.parametrize("value", ["0", 0, "-1"])
def test_a_number_may_have_a_least(value: object) -> None:
    """1.3: a history of no entries is a mistake, not a library without one."""
    with pytest.raises(RequestError, match="from 1 to 100"):
        Arguments({"limit": value}, ("limit",)).number("limit", least=1, most=100)


def test_what_is_named_twice_is_meant_once() -> None:
    """1.3: `release 8 8` ends one hold."""
    assert (8, 7) == Arguments({"ids": [8, 7, 8]}, ("ids",)).numbers("ids")


@pytest.mark.parametrize("value", [0, -1, float("inf"), "nan", "x", True, [], 10**400, 1e30])
def test_a_pause_lasts_some_time(value: object) -> None:
    """w60: no pause of no time, and none that never ends by accident."""
    with pytest.raises(RequestError, match="for_s"):
        Arguments({"for_s": value}, ("for_s",)).seconds("for_s")


@pytest.mark.parametrize("value", [[], None, 7, ["7", "x"], [True], [[7]]])
def test_ids_are_a_list_of_numbers(value: object) -> None:
    """X1: release takes at least one id."""
    with pytest.raises(RequestError):
        Arguments({"ids": value}, ("ids",)).numbers("ids")


def test_what_is_not_known_is_named() -> None:
    """w46: an argument of a newer client is refused, not ignored."""
    with pytest.raises(RequestError, match=r"'deep'.*takes path.*newer pacctl"):
        Arguments({"deep": True}, ("path",))
