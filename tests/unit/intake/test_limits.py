"""What is advised where inotify's limits are reached."""

import pytest

from pacd.intake.limits import ROOMY, Limit, enough


@pytest.mark.parametrize(
    ("key", "nested", "where"),
    [
        ("fs.inotify.max_user_watches", False, "as root (for a container, on its host)"),
        ("fs.inotify.max_user_watches", True, "on the host: a container cannot"),
        ("user.max_inotify_watches", True, "in this user namespace, as its root"),
    ],
)
def test_w01_the_line_that_raises_a_limit(key: str, nested: bool, where: str) -> None:
    """w01: to be typed as it stands, by whom it works for, and how it lasts."""
    said = Limit(key, 8_192, nested).raised_to(600_000)

    assert said.startswith(f"sysctl -w {key}=600000 {where};")
    assert f"/etc/sysctl.d/90-pacd.conf keeps it: {key}=600000. " in said


@pytest.mark.parametrize(
    ("present", "folders", "wanted"),
    [
        (8_192, 10_000, ROOMY),
        (None, 10_000, ROOMY),
        (524_288, 10_000, 544_288),
        (1_048_576, 0, 1_048_576),
        (100_000, 1_000_000, 2_100_000),
    ],
)
def test_w01_as_many_watches_as_are_needed(present: int | None, folders: int, wanted: int) -> None:
    """w01: room for twice the folders beside what has used the limit up."""
    assert wanted == enough(Limit("fs.inotify.max_user_watches", present, nested=False), folders)
