"""Who may do what."""

import pytest

from pacd.api.peers import NOBODY, Peer, Rights, rights

_OWNER = 990
_GROUP = 980


@pytest.mark.parametrize(
    ("uid", "groups", "owner", "granted"),
    [
        pytest.param(0, {0}, _OWNER, Rights.WRITE, id="root"),
        pytest.param(_OWNER, {_OWNER}, _OWNER, Rights.WRITE, id="daemon-itself"),
        pytest.param(1000, {1000, _GROUP}, _OWNER, Rights.READ, id="member"),
        pytest.param(1000, {1000}, _OWNER, Rights.NONE, id="stranger"),
        pytest.param(NOBODY, {_GROUP}, _OWNER, Rights.NONE, id="nobody"),
        pytest.param(NOBODY, {NOBODY}, NOBODY, Rights.WRITE, id="nobody-is-the-daemon"),
    ],
)
def test_w44_rights_follow_the_credentials(
    uid: int, groups: set[int], owner: int, granted: Rights
) -> None:
    """w44: integers decide; the group reads, owner and root write, uid 65534 does neither."""
    peer = Peer(1, uid, frozenset(groups))

    assert granted is rights(peer, owner_uid=owner, group_gid=_GROUP)
