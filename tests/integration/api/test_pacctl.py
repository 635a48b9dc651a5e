"""Real pacctl processes against a real server."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pacd.protocol.documents import EventKind, HoldCounts, Paused, State, Status, Workload
from tests.fakes import (
    CORRUPT,
    DEAD_PROBLEM,
    KEPT_EVENTS,
    LIMIT_PROBLEM,
    ORPHAN,
    REFUSED,
    STUCK,
    UNSTABLE,
    WATCHING,
    WORKING,
    FakeDaemon,
)
from tests.serving import ROOT, answering, environment, pacctl, serving, start_pacctl, until

_QUESTIONS = (
    ("status",),
    ("holds",),
    ("holds", "show", "7"),
    ("plan",),
    ("queue",),
    ("why", "/srv/music/a.flac"),
    ("history",),
    ("health",),
    ("doctor",),
    ("config", "show"),
    ("config", "show", "--origin"),
    ("pause", "--for", "2h"),
    ("resume",),
    ("reload",),
    ("release", "7", "9", "--accept"),
    ("scan", "/srv/music"),
    ("prune", "--dry-run"),
    ("prune", "--mirror", "phone"),
    ("restore",),
    ("restore", "3"),
)


@pytest.mark.parametrize("verb", _QUESTIONS, ids=" ".join)
def test_every_verb_answers_in_three_forms(place: Path, verb: tuple[str, ...]) -> None:
    """Requirements 1.3: for people, --json with `schema`, --plain one record per line."""
    found = {}
    for form in ((), ("--json",), ("--plain",)):
        with serving(FakeDaemon(WATCHING, (CORRUPT, UNSTABLE)), place / "s") as path:
            found[form] = pacctl("--socket", str(path), *verb, *form)
            before = pacctl("--socket", str(path), *form, *verb) if "release" not in verb else None

        assert ("", 0) == (found[form].stderr, found[form].returncode)
        assert before is None or verb[0] in {"scan", "prune"} or before.stdout == found[form].stdout

    assert found[()].stdout.strip()
    assert 1 == json.loads(found["--json",].stdout)["schema"]
    assert all("\t" in line for line in found["--plain",].stdout.splitlines())
    assert "\x1b" not in "".join(each.stdout for each in found.values())


def test_commands_arrive_as_they_were_given(place: Path) -> None:
    """Requirements 1.3: release, scan, pause, resume, reload; each with its caller."""
    daemon = FakeDaemon(WATCHING, (CORRUPT, UNSTABLE))
    with serving(daemon, place / "s") as path:
        socket_at = ("--socket", str(path))
        for argv in (
            ("release", "7", "--accept"), ("release", "9"), ("pause", "--for", "1h30m"),
            ("resume",), ("reload",), ("scan",), ("prune",), ("prune", "--mirror", "phone"),
            ("prune", "--dry-run"), ("restore",), ("restore", "3"),
        ):  # fmt: skip
            assert 0 == pacctl(*argv, *socket_at).returncode

    assert [
        ("release", ((7,), True)), ("release", ((9,), False)), ("pause", 5_400.0),
        ("resume", None), ("reload", None), ("scan", None), ("prune", None), ("prune", "phone"),
        ("restore", 3),
    ] == [(name, given) for name, given, _ in daemon.commands]  # fmt: skip
    assert all(who.startswith(f"uid {os.geteuid()} pid ") for _, _, who in daemon.commands)


def test_w53_paths_become_absolute_and_links_keep_their_names(place: Path) -> None:
    """w53: relative paths, links and bytes that are no UTF-8 arrive as they are on disk."""
    (place / "music").symlink_to(place)
    with serving(FakeDaemon(), place / "s") as path:
        why = ("--json", "--socket", str(path), "why")
        relative = pacctl(*why, "../a.flac", cwd=place / "music")
        foreign = pacctl(*why, b"/srv/\xff\n.flac")
        shown = pacctl("--socket", str(path), "why", b"/srv/\xff\n.flac")

    # The shell's idea of where it is does not reach a program; getcwd() has no links.
    assert f"{place.parent}/a.flac" == json.loads(relative.stdout)["path"]
    assert "/srv/\udcff\n.flac" == json.loads(foreign.stdout)["path"]
    assert "/srv/\\xff\\n.flac" == shown.stdout.splitlines()[0]


@pytest.mark.parametrize("verb", ["why", "plan", "scan", "history"])
def test_a_path_as_the_screens_show_it_is_taken(place: Path, verb: str) -> None:
    """1.3: what `holds` shows goes to the daemon as it is, where nothing here bears that name."""
    daemon = FakeDaemon()
    daemon.root = "/srv/music"
    (place / "here.flac").touch()
    with serving(daemon, place / "s") as path:
        asked = (verb, "--json", "--socket", str(path))
        shown = pacctl(*asked, "A/B/01.flac", cwd=place)
        here = pacctl(*asked, "here.flac", cwd=place)
        strange = pacctl(*asked, "/srv/other/01.flac", cwd=place)

    assert (0, "") == (shown.returncode, shown.stderr)
    assert "A/B/01.flac" in shown.stdout
    assert (5, 5) == (here.returncode, strange.returncode)
    assert f"{place}/here.flac is in no library." in here.stderr


def test_a_path_here_comes_before_one_below_a_root(place: Path) -> None:
    """1.3: in an album's folder a name means that album's file, also when it is gone."""
    daemon = FakeDaemon()
    daemon.root = str(place)
    with serving(daemon, place / "s") as path:
        asked = ("why", "--json", "--socket", str(path))
        gone = pacctl(*asked, "gone.flac", cwd=place)
        unknown = pacctl(*asked, "unknown.flac", cwd=place)

    assert f"{place}/gone.flac" == json.loads(gone.stdout)["path"]
    assert 5 == unknown.returncode
    assert f"{place}/unknown.flac is in no library." in unknown.stderr


def test_a_path_of_two_libraries_is_refused_in_words(place: Path) -> None:
    """1.3: exit 6, and what the daemon said of the path as it was given."""
    daemon = FakeDaemon()
    daemon.root, daemon.twofold = "/srv/music", "A/B/01.flac"
    with serving(daemon, place / "s") as path:
        done = pacctl("why", "A/B/01.flac", "--socket", str(path), cwd=place)

    assert (6, "") == (done.returncode, done.stdout)
    assert "A/B/01.flac is in two libraries." in done.stderr


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (("nonsense",), 2, "there is no verb 'nonsense'"),
        (("statsu",), 2, "Did you mean `status`?"),
        (("sta\x1b[31m",), 2, "sta"),
        (("status", "--jso"), 2, "unrecognized arguments"),
        (("status", "--json", "--plain"), 2, "not allowed with"),
        (("status", "--watch=0"), 2, "invalid"),
        (("pause", "--for", "soon"), 2, "write 90s, 30min, 2h or 1d"),
        (("why",), 2, "required: PATH"),
        ((), 2, "verbs:"),
        (("holds", "show", "8"), 5, "There is no open hold 8. `pacctl holds` lists them."),
        (("release", "7", "8"), 5, "There is no open hold 8."),
        (("why", "/x/unknown.flac"), 5, "/x/unknown.flac is in no library."),
        (("history", "--limit", "-1"), 2, "`limit` must be a whole number"),
        (("history", "--limit", "0"), 2, "`limit` must be a whole number from 1 to"),
        (("scan", ""), 2, "an empty path"),
        (("why", ""), 2, "an empty path"),
        (("plan", ""), 2, "an empty path"),
        (("history", ""), 2, "an empty path"),
        (("config", "check", ""), 2, "an empty path"),
        (("status", "--socket", ""), 2, "an empty path"),
        (("--socket=", "status"), 2, "an empty path"),
        (("prune", "--mirror", "car"), 5, "There is no mirror car; there are: phone."),
        (("prune", "--mirror", ""), 2, "`mirror` must be a text"),
        (("restore", "99"), 5, "`pacctl restore` lists what lies there."),
        (("restore", "4"), 6, "Library attic is not there now."),
    ],
)
def test_exit_codes_and_sentences(
    place: Path, argv: tuple[str, ...], code: int, words: str
) -> None:
    """Requirements 1.3: exit codes in one place, errors are sentences on stderr."""
    with serving(FakeDaemon(WATCHING, (CORRUPT,)), place / "s") as path:
        done = pacctl(*argv, env={"PACD_SOCKET": str(path)})

    assert (code, "") == (done.returncode, done.stdout)
    assert words in done.stderr
    assert "\x1b" not in done.stderr
    assert "Traceback" not in done.stderr


def test_help_and_version_need_no_daemon() -> None:
    """Requirements 1.3: help lists every verb and every exit code."""
    shown, version = pacctl("--help"), pacctl("--version")
    from pacctl.verbs import VERBS

    assert (0, 0) == (shown.returncode, version.returncode)
    assert all(f"\n  {verb} " in shown.stdout for verb in VERBS)
    assert "130 interrupted" in shown.stdout
    assert re.fullmatch(r"pacctl \d+\.\d+\.\d+\n", version.stdout)


@pytest.mark.parametrize("error", ["state_dir: no such setting; did you mean `state_dir`?"])
def test_a_refused_reload_fails_with_its_reason(place: Path, error: str) -> None:
    """w36: the old settings stay, and the exit code says so."""
    daemon = FakeDaemon()
    daemon.bad_config = error
    with serving(daemon, place / "s") as path:
        done = pacctl("--socket", str(path), "reload")

    assert (1, f"pacctl: {error}\n") == (done.returncode, done.stderr)


def test_several_mistakes_are_several_lines(place: Path) -> None:
    """W36, w49: a list is shown as one, and what a terminal would obey is escaped."""
    daemon = FakeDaemon()
    daemon.bad_config = "The configuration has 2 mistakes:\n  /x\x1b[31m:7: a.\n  /x:8: b."
    with serving(daemon, place / "s") as path:
        done = pacctl("--socket", str(path), "reload")
        document = pacctl("--socket", str(path), "reload", "--json")

    assert (
        "pacctl: The configuration has 2 mistakes:\n  /x\\x1b[31m:7: a.\n  /x:8: b.\n"
        == done.stderr
    )
    assert daemon.bad_config == json.loads(document.stdout)["error"]["what"]


def test_a_checked_file_has_its_mistakes_on_lines(place: Path) -> None:
    """1.3: also beside --json, where they are one text of the document."""
    (place / "bad.toml").write_text("[watch]\nsettle = 1\nmod = 2\n")
    done = pacctl("config", "check", "--json", str(place / "bad.toml"))

    first, *rest = done.stderr.splitlines()
    assert "pacctl: The configuration has 3 mistakes:" == first
    assert all(each.startswith(f"  {place}/bad.toml") for each in rest[:3])
    assert "\\n" not in done.stderr
    assert json.loads(done.stdout)["error"]["what"].startswith(f"{first[8:]}\n  ")


@pytest.mark.parametrize(
    ("status", "check", "health"),
    [
        (WATCHING, 0, 0),
        (replace(WATCHING, holds=HoldCounts(notice=3)), 0, 0),
        (replace(WATCHING, holds=HoldCounts(suspect=1)), 4, 0),
        (replace(WATCHING, problems=(LIMIT_PROBLEM,)), 4, 1),
        (replace(WATCHING, problems=(DEAD_PROBLEM,)), 4, 2),
    ],
)
def test_w57_monitors_read_the_exit_code(
    place: Path, status: Status, check: int, health: int
) -> None:
    """w57: `status --check` 4 when a person is needed; `health` 0, 1, 2, 3."""
    with serving(FakeDaemon(status), place / "s") as path:
        at = ("--socket", str(path))

        assert check == pacctl("status", "--check", *at).returncode
        assert check == pacctl("status", "--check", "--json", *at).returncode
        assert 0 == pacctl("status", *at).returncode
        assert health == pacctl("health", *at).returncode

    assert 3 == pacctl("health", *at).returncode


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [(WORKING, 6, "`pacctl wait`"), (replace(WATCHING, paused=Paused()), 6, "`pacctl resume`")],
)
def test_a_prune_at_another_time_is_refused(
    place: Path, status: Status, code: int, words: str
) -> None:
    """M9: while PAC is at work, or paused; with the way out."""
    with serving(FakeDaemon(status), place / "s") as path:
        done = pacctl("--socket", str(path), "prune")

    assert (code, "") == (done.returncode, done.stdout)
    assert words in done.stderr


@pytest.mark.parametrize("form", [(), ("--dry-run",)], ids=["prune", "dry run"])
def test_a_guard_refuses_with_its_reason(place: Path, form: tuple[str, ...]) -> None:
    """M9: exit 6, on the screen and as a document; nothing else is hidden by it."""
    daemon = FakeDaemon()
    daemon.orphans, daemon.guards = (), (REFUSED,)
    with serving(daemon, place / "s") as path:
        shown = pacctl("prune", *form, "--socket", str(path))
        document = pacctl("prune", *form, "--json", "--socket", str(path))
        plain = pacctl("prune", *form, "--plain", "--socket", str(path))

    assert [6, 6, 6] == [each.returncode for each in (shown, document, plain)]
    assert "12,354 outputs in phone" in " ".join(shown.stdout.split())
    assert [11] == [each["hold"] for each in json.loads(document.stdout)["refused"]]
    assert plain.stdout.startswith("refused\tmusic\tphone\t2500\t11\t")


def test_what_could_not_be_removed_fails_the_prune(place: Path) -> None:
    """M9: exit 1; the others are gone all the same."""
    daemon = FakeDaemon()
    daemon.orphans, daemon.stuck = (ORPHAN, STUCK), (STUCK,)
    with serving(daemon, place / "s") as path:
        shown = pacctl("prune", "--socket", str(path))
        plain = pacctl("prune", "--plain", "--socket", str(path))

    assert (1, 1) == (shown.returncode, plain.returncode)
    assert "1 file removed" in shown.stdout
    assert ["removed", "failed"] == [line.split("\t")[0] for line in plain.stdout.splitlines()]


def test_several_files_are_restored_each_by_itself(place: Path) -> None:
    """C, 1.3: what cannot be brought back keeps no other; each is told, the worst is the exit."""
    found = {}
    for form in ((), ("--json",), ("--plain",)):
        daemon = FakeDaemon()
        with serving(daemon, place / "s") as path:
            found[form] = pacctl("restore", "99", "4", "3", "3", *form, "--socket", str(path))
        assert [("restore", 3)] == [(name, given) for name, given, _ in daemon.commands]
    shown, lines, plain = found.values()
    told = [json.loads(line) for line in lines.stdout.splitlines()]

    assert [6, 6, 6] == [each.returncode for each in found.values()]
    assert shown.stdout.startswith("restored  ")
    assert [f"pacctl: {number}: " for number in (99, 4)] == [
        line[: line.index(": ", 8) + 2] for line in shown.stderr.splitlines()
    ]
    assert ["error", "error", "restored"] == [each["message_type"] for each in told]
    assert [99, 4, 3] == [each["id"] for each in told]
    assert [5, 6] == [each["error"]["exit"] for each in told[:2]]
    assert ["failed\t99", "failed\t4", "restored\t3"] == [
        "\t".join(line.split("\t")[:2]) for line in plain.stdout.splitlines()
    ]


def test_of_several_files_one_that_is_missing(place: Path) -> None:
    """C, 1.3: exit 5 where nothing was worse; without a daemon nothing is tried twice."""
    with serving(FakeDaemon(), place / "s") as path:
        some = pacctl("restore", "3", "99", "--socket", str(path))
    none = pacctl("restore", "3", "99", "--socket", str(place / "s"))

    assert (5, 3) == (some.returncode, none.returncode)
    assert 1 == len(none.stderr.splitlines())


def _stale(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))


def test_w48_each_reason_has_its_own_sentence(place: Path) -> None:
    """w48: not running, left behind, wrong path, no socket, another program; all exit 3."""
    (place / "file").write_text("")
    _stale(place / "stale")
    cases = {
        place / "none": "There is no socket at",
        place / "file" / "s": "A part of",
        place / "file": "is not a socket",
        place / "stale": "was left behind by one that ended",
        place / ("x" * 200): "AF_UNIX path too long",
    }
    found = {path: pacctl("--socket", str(path), "status") for path in cases}
    with answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", place / "web") as web:
        found[web] = pacctl("--socket", str(web), "status")
    with answering(b"OK MPD 0.23.5\n", place / "mpd") as mpd:
        found[mpd] = pacctl("--socket", str(mpd), "status")
    half = b"HTTP/1.1 200 OK\r\nPACD-Protocol: 1\r\nContent-Length: 90\r\n\r\n{"
    with answering(half, place / "half") as cut:
        found[cut] = pacctl("--socket", str(cut), "status")
    cases |= {web: "is not pacd", mpd: "is not pacd", cut: "ended while it was asked"}

    assert {3} == {each.returncode for each in found.values()}
    for path, words in cases.items():
        assert words in found[path].stderr
        assert str(path) in found[path].stderr


def test_w48_the_search_says_where_it_looked(place: Path) -> None:
    """w48: without --socket the sentence lists every place and how to start the daemon."""
    if Path("/run/pacd/pacd.sock").exists():
        pytest.skip("a pacd of this machine is running")
    environ = {"XDG_RUNTIME_DIR": str(place)}

    done = pacctl("status", env=environ)

    assert 3 == done.returncode
    tried = f"{place}/pacd/pacd.sock, /run/pacd/pacd.sock"
    assert f"pacd is not running: there is no socket at {tried}." in done.stderr
    assert "`systemctl start pacd`" in done.stderr


def test_the_first_socket_that_exists_is_taken(place: Path) -> None:
    """Requirements 1.1: the runtime directory may have none; the next place is tried."""
    with serving(FakeDaemon(), place / "pacd" / "pacd.sock"):
        environ = {"RUNTIME_DIRECTORY": "/nowhere", "XDG_RUNTIME_DIR": str(place)}

        assert 0 == pacctl("status", env=environ).returncode


def test_w48_a_socket_that_is_named_is_no_other_daemons(place: Path) -> None:
    """w48: a slip in $PACD_SOCKET must not prune the mirrors of whoever listens elsewhere."""
    runtime = place / "run"
    with serving(FakeDaemon(), runtime / "pacd.sock"):
        environ = {"PACD_SOCKET": "/nowhere/s", "RUNTIME_DIRECTORY": str(runtime)}
        done = pacctl("status", env=environ)

    assert 3 == done.returncode
    assert "There is no socket at /nowhere/s." in done.stderr


@pytest.mark.parametrize(("spoken", "older"), [("0", "daemon"), ("2", "pacctl")])
def test_w46_another_protocol_is_said_plainly(place: Path, spoken: str, older: str) -> None:
    """w46: which of the two is older, and what to do."""
    answer = f"HTTP/1.1 200 OK\r\nPACD-Protocol: {spoken}\r\nPACD-Version: 9.8.7\r\n\r\n{{}}"
    with answering(answer.encode(), place / "s") as path:
        done = pacctl("--socket", str(path), "status")

    assert 1 == done.returncode
    assert f"(pacd 9.8.7) speaks protocol {spoken}, this pacctl speaks 1" in done.stderr
    assert f"the {older} is the older of the two" in done.stderr


def test_w46_an_answer_of_another_shape_is_a_sentence(place: Path) -> None:
    """w46: a missing key never ends in a traceback."""
    answer = b'HTTP/1.1 200 OK\r\nPACD-Protocol: 1\r\n\r\n{"schema": 1}'
    with answering(answer, place / "s") as path:
        done = pacctl("--socket", str(path), "status")

    assert 1 == done.returncode
    assert "pacctl and pacd are of different versions" in done.stderr
    assert "Traceback" not in done.stderr


def test_w49_names_cannot_command_the_terminal(place: Path) -> None:
    """w49: escape sequences in names come out as text, on every screen and in every export."""
    evil = replace(
        CORRUPT,
        path="\x1b]0;x\x07\x9b31m\u202e.flac",
        reason="\x1b[2J",
        evidence={"words": "\x1b[1;1H\n\x1bc"},
        advice="\x1b[m",
        library="\x1b",
        cause="\x1b",
    )
    with serving(FakeDaemon(WATCHING, (evil,)), place / "s") as path:
        for verb in (
            ("holds",), ("holds", "show", "7"), ("holds", "--format", "md"),
            ("holds", "--format", "csv"), ("holds", "--json"), ("holds", "--plain"),
            ("why", "/\x1b[31m"), ("why", "/\x1bunknown.flac"), ("history", "/\x1b"),
            ("release", "7"),
        ):  # fmt: skip
            done = pacctl("--socket", str(path), *verb)
            text = done.stdout + done.stderr

            assert text.strip()
            assert all(each.isprintable() or each in "\t\n" for each in text), verb


def _on_terminal(*argv: str, **environ: str) -> tuple[int, str]:
    """Run pacctl on a terminal of its own, to its end."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pacctl", *argv],
        env=environment(TERM="xterm", **environ), stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    found = b""
    with os.fdopen(ours, "rb", buffering=0) as reader:
        try:
            while block := reader.read(65_536):
                found += block
        except OSError:  # EIO: the last one on the other side has gone
            pass
    return process.wait(20), found.decode()


def test_colour_is_for_terminals(place: Path) -> None:
    """Requirements 1.3: colour on a terminal, none with NO_COLOR or --no-color."""
    with serving(FakeDaemon(WORKING, (CORRUPT,)), place / "s") as path:
        at = ("status", "--socket", str(path))

        assert "\x1b[31m1 error\x1b[0m" in _on_terminal(*at)[1]
        assert "\x1b" not in _on_terminal(*at, NO_COLOR="1")[1]
        assert "\x1b" not in _on_terminal(*at, "--no-color")[1]


def test_watch_draws_again_until_it_is_interrupted(place: Path) -> None:
    """Requirements 1.3: `status --watch`; Ctrl-C ends with 130."""
    with serving(FakeDaemon(WORKING), place / "s") as path:
        process = start_pacctl("status", "--watch=0.1", "--json", "--socket", str(path))
        assert process.stdout is not None
        lines = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)

    assert ["working"] * 3 == [each["state"] for each in lines]
    assert 130 == process.returncode


def test_follow_tells_events_and_gaps(place: Path) -> None:
    """w47: kept events, the gap before them, new events; the end of the daemon is exit 3."""
    daemon = FakeDaemon()
    for number in range(KEPT_EVENTS + 2):
        daemon.emit(EventKind.ITEM_DONE, path=f"\x1b{number}.flac", message="intact")
    with serving(daemon, place / "s") as path:
        follows = [
            start_pacctl("follow", "--since", "1", *form, "--socket", str(path))
            for form in ((), ("--json",), ("--plain",))
        ]
        until(lambda: len(daemon.listeners) == 1)
        first = [each.stdout.readline() for each in follows if each.stdout]
    # Not communicate(): it would miss what readline() has read ahead.
    ends = [
        (each.stdout.read(), each.stderr.read()) for each in follows if each.stdout and each.stderr
    ]
    assert {3} == {each.wait(20) for each in follows}
    for each in follows:
        each.communicate()

    assert "events between 1 and 3 were lost" in first[0]
    assert "gap" == json.loads(first[1])["message_type"]
    assert "gap\t1\t3\n" == first[2]
    assert "12:00:00  item-done       \\x1b2.flac  intact" == ends[0][0].splitlines()[0]
    *events, last = map(json.loads, ends[1][0].splitlines())
    assert list(range(3, 11)) == [each["id"] for each in events]
    assert ("error", 3) == (last["message_type"], last["error"]["exit"])
    assert ends[2][0].startswith("3\t2026-11-21T12:00:00Z\titem-done\t")
    assert all("The daemon ended the stream" in errors for _, errors in ends)


def test_wait_ends_when_nothing_is_left(place: Path) -> None:
    """Requirements 1.3: `wait` blocks until idle."""
    daemon = FakeDaemon(WORKING)
    with serving(daemon, place / "s") as path:
        process = start_pacctl("wait", "--socket", str(path))
        until(daemon.idle_asked.is_set)

        assert process.poll() is None

        daemon.rest()
        process.communicate(timeout=20)

    assert 0 == process.returncode


def test_an_interrupt_ends_with_130_and_without_a_traceback(place: Path) -> None:
    """Requirements 1.3: Ctrl-C."""
    daemon = FakeDaemon(WORKING)
    with serving(daemon, place / "s") as path:
        process = start_pacctl("wait", "--socket", str(path))
        until(daemon.idle_asked.is_set)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=20)

    assert (130, "", "\n") == (process.returncode, output, errors)


_PAUSED = replace(
    WATCHING,
    state=State.PAUSED,
    paused=Paused(until=None),
    queue=Workload(waiting=1, folders_waiting=1_212),
)


def test_w60_wait_says_that_it_waits_for_the_end_of_a_pause(place: Path) -> None:
    """1.3, w60: `wait` in a pause says so, and how to go on; then it waits on, until Ctrl-C too."""
    daemon = FakeDaemon(_PAUSED)
    said = "pacctl: paused: 1 item and 1,212 folders wait; `pacctl resume` lets them go on\n"
    with serving(daemon, place / "s") as path:
        at = ("wait", "--socket", str(path))
        people, lines, stopped = (start_pacctl(*at, *form) for form in ((), ("--json",), ()))
        assert people.stderr
        assert lines.stdout
        assert stopped.stderr
        told = [people.stderr.readline(), stopped.stderr.readline()]
        first = json.loads(lines.stdout.readline())
        stopped.send_signal(signal.SIGINT)
        rest = stopped.communicate(timeout=20)
        daemon.resume("me")
        daemon.rest()
        last, _ = lines.communicate(timeout=20)
        silent = people.communicate(timeout=20)

    assert [said, said] == told
    assert (130, ("", "\n")) == (stopped.returncode, rest)
    assert (0, ("", "")) == (people.returncode, silent)
    assert {
        "schema": 1, "message_type": "paused", "until": None, "waiting": 1,
        "folders_waiting": 1_212, "fix": "`pacctl resume`",
    } == first  # fmt: skip
    assert {"schema": 1, "message_type": "idle", "idle": True} == json.loads(last)


def test_w60_a_scan_in_a_pause_says_so(place: Path) -> None:
    """1.3, w60: `scan --wait` does not wait for the end of a pause without a word."""
    daemon = FakeDaemon(_PAUSED)
    until_then = replace(_PAUSED, paused=Paused(until="2126-11-21T14:00:00Z"), queue=Workload())
    with (
        serving(daemon, place / "a") as path,
        serving(FakeDaemon(until_then), place / "b") as timed,
    ):
        scans = [start_pacctl("scan", "--wait", "--socket", str(at)) for at in (path, timed)]
        told = [each.stderr.readline() for each in scans if each.stderr]
        daemon.resume("me")
        daemon.finish_scan(1, 0)
        done = scans[0].communicate(timeout=20)
    scans[1].communicate(timeout=20)

    assert told[0].startswith("pacctl: paused: 1 item and 1,212 folders wait; `pacctl resume`")
    assert told[1].startswith("pacctl: paused until 2126-11-21 14:00 (in ")
    assert told[1].endswith("d): nothing goes on; `pacctl resume` ends it\n")
    assert "12 scanned" in done[0]
    assert ("", 0) == (done[1], scans[0].returncode)


@pytest.mark.parametrize("ending", [0, 2, 3])
def test_scan_wait_ends_as_the_scan_did(place: Path, ending: int) -> None:
    """Requirements 1.3: `scan --wait` exits 0, 2 or 3 as `pacd --once`."""
    daemon = FakeDaemon()
    with serving(daemon, place / "s") as path:
        people = start_pacctl("scan", "--wait", "--socket", str(path))
        until(lambda: len(daemon.commands) == 1)
        daemon.finish_scan(1, ending)
        text, _ = people.communicate(timeout=20)
        lines = start_pacctl("scan", "/srv/music/A", "--wait", "--json", "--socket", str(path))
        assert lines.stdout is not None
        first = json.loads(lines.stdout.readline())
        daemon.finish_scan(2, ending)
        rest, _ = lines.communicate(timeout=20)

    last = json.loads(rest.splitlines()[-1])

    assert (ending, ending) == (people.returncode, lines.returncode)
    assert "12 scanned · 11 tested ok" in text
    assert ("status", "watching") == (first["message_type"], first["state"])
    assert ("summary", ending, "/srv/music/A") == (
        last["message_type"], last["exit"], last["path"]
    )  # fmt: skip


def test_a_reader_that_has_seen_enough_hears_no_complaint(place: Path) -> None:
    """Requirements 1.3: `pacctl … | head` is quiet."""
    with serving(FakeDaemon(), place / "s") as path:
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            [sys.executable, "-m", "pacctl", "status", "--plain", "--socket", str(path)],
            env=environment(), stdout=writing, stderr=subprocess.PIPE, check=False, timeout=20,
        )  # fmt: skip
        os.close(writing)

    assert (141, b"") == (done.returncode, done.stderr)


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_is_a_program_for_the_shell(shell: str) -> None:
    """Requirements 1.3: `completion bash|zsh|tcsh` knows every verb."""
    done = pacctl("completion", shell)

    assert 0 == done.returncode
    assert all(word in done.stdout for word in ("status", "doctor", "accept", "watch"))
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=done.stdout, text=True, check=True)


def test_b5_status_loads_nothing_it_does_not_need(place: Path) -> None:
    """B5: a whole `pacctl status`, seen by the import system."""
    with serving(FakeDaemon(WORKING), place / "s") as path:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "pacctl", "status", "--socket", str(path)],
            env=environment(), capture_output=True, text=True, check=True, timeout=20,
        )  # fmt: skip
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    ours = {each for each in modules if each.split(".")[0] == "pacd"}

    assert {"pacd", "pacd.protocol", "pacd.protocol.wire"} == ours
    assert set() == modules & {"dataclasses", "socket", "shutil", "pathlib", "inspect", "aiohttp"}


@pytest.mark.skipif(not (ROOT / "pacd" / "__main__.py").exists(), reason="needs the pacd program")
def test_config_check_asks_the_pacd_beside_it(place: Path) -> None:
    """w42: `pacctl config check FILE` needs no daemon; a wrong file is exit 1."""
    wrong = place / "pacd.toml"
    wrong.write_text("[daemon]\nlog_levle = 'info'\n")

    done = pacctl("config", "check", str(wrong))

    assert 1 == done.returncode
    assert "log_levle" in done.stderr + done.stdout


def test_config_check_of_a_file_that_is_not_there(place: Path) -> None:
    """w42: it is told by its name, whoever named it, and with the nearest right one."""
    (place / "pacd.toml").touch()
    gone = place / "pacd.tml"
    done = pacctl("config", "check", str(gone))
    said = f"pacd: {gone}: there is no such file; did you mean `{place}/pacd.toml`?\n"

    assert (1, "", said) == (done.returncode, done.stdout, done.stderr)


_STOPPING = replace(WATCHING, state=State.STOPPING)


@pytest.mark.parametrize(
    ("argv", "code", "what", "fix"),
    [
        (("status", "--socket", "/nowhere/s"), 3, "There is no socket at /nowhere/s.", "Start it"),
        (("holds", "show", "8"), 5, "There is no open hold 8.", "`pacctl holds` lists them."),
        (("why", "/x/unknown.flac"), 5, "/x/unknown.flac is in no library.", ""),
        (("scan", "/srv/music"), 6, "The daemon is stopping.", ""),
        (("reload",), 1, "pacd.toml:3: no such key; did you mean `mode`?", ""),
        (("config", "check", "/nowhere/pacd.toml"), 1, "/nowhere/pacd.toml: there is no such", ""),
        (("history", "--limit", "-1"), 2, "`limit` must be a whole number", ""),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_json_has_a_document_for_errors_too(
    place: Path, argv: tuple[str, ...], code: int, what: str, fix: str
) -> None:
    """1.3: `--json`: one document with `schema` and `error`; exit code and sentence as without."""
    daemon = FakeDaemon(_STOPPING)
    daemon.bad_config = "pacd.toml:3: no such key; did you mean `mode`?"
    with serving(daemon, place / "s") as path:
        environ = {"PACD_SOCKET": str(path)}
        people, done = pacctl(*argv, env=environ), pacctl("--json", *argv, env=environ)
    document = json.loads(done.stdout)
    error = document["error"]

    assert (code, code, "") == (people.returncode, done.returncode, people.stdout)
    assert {"schema": 1, "error": error} == {**document, "error": error}
    assert {"what", "fix", "exit"} == error.keys()
    assert error["what"].startswith(what)
    assert error["fix"].startswith(fix)
    assert bool(fix) == bool(error["fix"])
    assert code == error["exit"]
    assert f"{error['what']} {error['fix']}".strip() in people.stderr


def test_json_lines_end_with_the_error(place: Path) -> None:
    """1.3: a long run that breaks off says so in a line like the others."""
    daemon = FakeDaemon()
    daemon.root = "/srv/music"
    with serving(daemon, place / "s") as path:
        refused = pacctl("scan", "/x", "--wait", "--json", "--socket", str(path))
        process = start_pacctl("scan", "--wait", "--json", "--socket", str(path))
        assert process.stdout is not None
        json.loads(process.stdout.readline())
    rest = process.stdout.read().splitlines()
    process.communicate(timeout=20)

    for code, line in ((5, refused.stdout), (3, rest[-1])):
        last = json.loads(line)

        assert (1, "error", code) == (last["schema"], last["message_type"], last["error"]["exit"])
    assert (5, 3) == (refused.returncode, process.returncode)


def test_json_of_a_check(place: Path) -> None:
    """1.3: `--json config check` is one document when all is well, too."""
    good = place / "pacd.toml"
    good.write_text(f'[[library]]\nroot = "{place}/music"\n')
    environ = {"HOME": str(place)}
    done = pacctl("--json", "config", "check", str(good), env=environ)
    document = json.loads(done.stdout)

    assert (0, "", 1, str(good)) == (
        done.returncode, done.stderr, document["schema"], document["path"]
    )  # fmt: skip
    assert f"The configuration {good} is good." == document["found"][0]
