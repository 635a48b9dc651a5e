"""Two libraries: whose a held file is, how one asks about it, and what is left of one taken out."""

from tests.audio import write_flac
from tests.e2e.running import Site, until

NAME = "A/01.flac"


def test_holds_of_several_libraries(site: Site) -> None:
    """1.3, H2: a path as `holds` shows it works; a library taken out takes its holds with it."""
    other = site.base / "other"
    for root in (site.library, other):
        (root / "A").mkdir(parents=True)
        write_flac(root / NAME, seconds=0.2)
    cut = other / "A" / "cut.flac"
    cut.write_bytes((other / NAME).read_bytes()[:-2_000])
    with site.config.open("a") as config:
        config.write(f'[[library]]\nname = "other"\nroot = "{other}"\n')

    with site.running():
        until(site.holds, what="for the hold")
        site.pacctl("wait")
        shown = site.pacctl("holds").stdout.splitlines()
        why, both = site.asked("why", "A/cut.flac"), site.pacctl("why", NAME, check=False)
        refused = [site.pacctl("status", "--check", check=False).returncode]
        site.pacctl("scan", "A/cut.flac")
        site.pacctl("plan", "A/cut.flac")
        site.configure()  # without the other
        site.pacctl("reload")
        site.pacctl("wait")
        status = site.asked("status")
        refused.append(site.pacctl("status", "--check", check=False).returncode)

    assert ["library", "path"] == shown[0].split()[4:6]
    assert ["other", "A/cut.flac"] == shown[1].split()[-2:]
    assert ("other", "A/cut.flac", "held") == (why["library"], why["path"], why["state"])
    assert 6 == both.returncode
    assert f"{site.library}/{NAME}, {other}/{NAME}" in both.stderr
    assert [4, 0] == refused
    assert ["main"] == [each["name"] for each in status["libraries"]]
    assert {"error": 0, "suspect": 0, "notice": 0} == status["holds"]
