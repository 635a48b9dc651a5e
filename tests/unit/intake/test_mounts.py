"""What /proc/self/mountinfo tells, as the kernel writes it (proc(5)); nothing is mounted here."""

import os
from pathlib import Path

import pytest

from pacd.intake.mounts import NETWORK, MountTable
from pacd.intake.surroundings import Surroundings

UNHEARD = "where changes by other machines give no events"

TABLE = rb"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
23 22 0:21 / /proc rw - proc proc rw
30 22 0:40 / /mnt/nas rw,relatime shared:7 master:2 - nfs4 nas:/export rw,vers=4.2
31 30 254:0 /srv/local /mnt/nas/local rw - ext4 /dev/vda1 rw
32 22 8:1 /a\040b /mnt/odd\040name\134\011 rw - vfat /dev/sda1 rw
33 22 0:41 / /home/me/music/far rw - fuse.sshfs me@far: rw
34 22 8:2 / /mnt/usb rw - ext4 /dev/sdb1 rw
35 34 0:42 / /mnt/usb rw - cifs //nas/share rw
36 22 0:43 / /mnt/deep/er rw - ext4 /dev/sdc1 rw
37 22 0:44 / /mnt/deep rw - xfs /dev/sdd1 rw
38 22 0:45 / /over rw - overlay overlay rw,lowerdir=/mnt/nas/layer:/usr,upperdir=/up,workdir=/w
39 22 0:46 / /local-over rw - overlay overlay rw,lowerdir=/usr,upperdir=/up,workdir=/w
40 22 0:47 / /stick rw - fuseblk /dev/sde1 rw
41 22 0:48 / /data rw - btrfs /dev/sdf rw,subvol=/data
42 22 0:49 / /auto rw - autofs systemd-1 rw
43 42 0:50 / /auto rw - smb3 //nas/auto rw
44 22 254:0 /srv/bound /srv/bound rw - ext4 /dev/vda1 rw
45 44 254:0 /srv/bound/x /srv/bound/x rw - ext4 /dev/vda1 rw
46 22 254:0 /srv/data /srv/other rw - ext4 /dev/vda1 rw
47 41 0:48 /data/music /data/music rw - btrfs /dev/sdf rw,subvol=/data
not a line of the kernel's
"""


@pytest.fixture(scope="module")
def table() -> MountTable:
    return MountTable(TABLE)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/home/me", "ext4"),
        ("/mnt/nas", "nfs4"),
        ("/mnt/nas/music/Artist", "nfs4"),
        ("/mnt/nasty", "ext4"),
        ("/mnt/nas/local/music", "ext4"),  # bind-mounted there
        ("/mnt/odd name\\\t/x", "vfat"),
        ("/mnt/usb/x", "cifs"),  # mounted over the disk
        ("/mnt/deep/er/x", "xfs"),  # the mount at er is covered by a later one above it
        ("/auto/x", "smb3"),  # what autofs has mounted by now
        ("/proc/1", "proc"),
    ],
)
def test_w10_the_mount_that_holds_a_path(table: MountTable, path: str, kind: str) -> None:
    """w10: found from "/" down, as the kernel does."""
    mount = table.holding(os.fsencode(path))

    assert mount
    assert kind == mount.kind


@pytest.mark.parametrize(
    ("path", "point"),
    [
        ("/srv/bound/x/y", "/"),  # as systemd binds ReadWritePaths=, one in the other
        ("/srv/other/y", "/srv/other"),  # another folder of the same disk
        ("/mnt/usb/x", "/mnt/usb"),
        ("/data/music", "/data/music"),  # what is mounted below is /, not /data
        ("/home/me", "/"),
    ],
)
def test_m9_what_lies_beneath_folders_bound_to_themselves(
    table: MountTable, path: str, point: str
) -> None:
    """M9: such a mount shows what was there without it, and hides nothing when it goes."""
    mount = table.beneath(os.fsencode(path))

    assert mount
    assert os.fsencode(point) == mount.point


def test_m9_where_nothing_is_known_of_mounts_nothing_lies_beneath() -> None:
    """M9: /proc is not to be had."""
    assert MountTable(b"").beneath(b"/srv") is None


@pytest.mark.parametrize(
    ("path", "network"),
    [
        ("/home", False),
        ("/mnt/nas/x", True),
        ("/mnt/nas/local/x", False),
        ("/mnt/usb", True),
        ("/home/me/music/far", True),
        ("/over/x", True),  # its lower layer is on the NAS
        ("/local-over/x", False),
        ("/stick/x", False),  # ntfs-3g and exfat: a local disk
        ("/data/x", False),
        ("/auto/x", True),
    ],
)
def test_w10_what_other_machines_may_change(table: MountTable, path: str, network: bool) -> None:
    """w10: also by FUSE, and below an overlay."""
    assert network == table.is_network(table.holding(os.fsencode(path)))


@pytest.mark.parametrize("kind", sorted(NETWORK))
def test_w10_each_kind_of_network(kind: str) -> None:
    """w10, W4: the library is polled, and it is said why."""
    table = MountTable(
        b"22 1 254:0 / / rw - ext4 /dev/vda1 rw\n23 22 0:9 / /n rw - %b x rw" % (kind.encode(),)
    )
    around = Surroundings.of(Path("/n/music"), "auto", table)

    assert (f"on {kind}, {UNHEARD}", False) == (around.polled, around.watchable)


def test_w10_a_share_inside_a_library(table: MountTable) -> None:
    """w10: the rest of the library is watched."""
    around = Surroundings.of(Path("/home/me/music"), "auto", table)

    assert around.watchable
    assert f"watched, but its far is on fuse.sshfs, {UNHEARD}" == around.polled
    assert [22, 33] == [mount.number for mount in around.mounts]


@pytest.mark.parametrize("root", ["/home/me/music", "/mnt/nas/music", "/home"])
@pytest.mark.parametrize(
    ("mode", "polled", "watchable"),
    [("inotify", None, True), ("poll", "polled, as [watch] mode says", False)],
)
def test_w10_the_owner_knows_best(
    table: MountTable, root: str, mode: str, polled: str | None, watchable: bool
) -> None:
    """W4: [watch] mode is obeyed, whatever is mounted."""
    around = Surroundings.of(Path(root), mode, table)

    assert (polled, watchable) == (around.polled, around.watchable)


def test_w10_without_a_table_nothing_is_known() -> None:
    """w10: where /proc is not to be had, a library is watched as a local one."""
    around = Surroundings.of(Path("/mnt/nas"), "auto", MountTable(b""))

    assert ((), None, True) == (around.mounts, around.polled, around.watchable)


def test_what_is_below_and_can_be_seen(table: MountTable) -> None:
    """W3: a mount that another covers is none."""
    assert set() == {mount.number for mount in table.below(b"/mnt/deep")}
    assert {31} == {mount.number for mount in table.below(b"/mnt/nas")}
    assert {30, 31, 32, 35, 37} == {mount.number for mount in table.below(b"/mnt")}
