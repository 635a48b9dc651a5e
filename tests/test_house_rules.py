"""The house rules of design and glossary, held by a machine."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pacctl import verbs
from pacd.domain.hold import Cause
from pacd.domain.plan import Action
from pacd.engine.backlog import PHASES
from pacd.engine.telling import LOGGED
from pacd.steps.registry import STEPS

REPOSITORY = Path(__file__).resolve().parent.parent
MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 40

# Words that the glossary replaces, where they would name a thing of PAC's own.
BANNED_NAMES = re.compile(
    r"\b(?:class|def) _?(?:\w*(?:Manager|Service|Helper|Util)\w*|process_\w+|handle_data)\b"
)


def sources() -> list[Path]:
    """Every module of the two programs."""
    return sorted(
        path for package in ("pacd", "pacctl") for path in (REPOSITORY / package).rglob("*.py")
    )


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module, methods included."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its signature and its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_modules_and_functions_are_small(path: Path) -> None:
    """Q3: a module of more than 300 lines or a function of more than 40 is two things."""
    lines = len(path.read_text("utf-8").splitlines())
    long = [each.name for each in functions(path) if code_lines(each) > MAX_FUNCTION_LINES]

    assert ([], True) == (long, lines <= MAX_MODULE_LINES)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_names_are_the_fields_words(path: Path) -> None:
    """Q2: docs/glossary.md has one word for one thing."""
    assert [] == BANNED_NAMES.findall(path.read_text("utf-8"))


def test_every_action_can_be_carried_out() -> None:
    """P2: an action has a step, a phase and a name in the log; a hold is the engine's own."""
    workers = set(Action) - {Action.HOLD}

    assert (workers, workers, set(Action)) == (set(STEPS), set(PHASES), set(LOGGED))


def test_every_cause_of_a_hold_comes_with_advice() -> None:
    """H1: what a person must look at says what to do."""
    assert [] == [cause for cause in Cause if not cause.advice.endswith(".")]


def test_every_verb_is_in_the_readme() -> None:
    """Q2: the README names every verb of pacctl and every action of pacd."""
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    named = [*verbs.VERBS, *(action.value for action in Action)]

    assert [] == [name for name in named if f"`{name}" not in readme]


def test_dependencies_have_reasons() -> None:
    """Q3: every dependency of pyproject.toml is explained in docs/decisions."""
    project = (REPOSITORY / "pyproject.toml").read_text("utf-8")
    block = project.split("dependencies = [", 1)[1].split("]", 1)[0]
    names = re.findall(r'^ +"([a-z0-9-]+)', block, flags=re.MULTILINE)
    told = "".join(
        path.read_text("utf-8") for path in (REPOSITORY / "docs" / "decisions").glob("*.md")
    )

    assert [] == [name for name in names if name not in told]


def test_nothing_is_left_over() -> None:
    """Q1: the repository speaks of PAC alone: no machine paths, no registry hosts, no leftovers."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.split()
    banned = re.compile("|".join(("/wo" + "rk/", "TO" + "DO", "FIX" + "ME", "mock" + r"\.patch")))
    found = [
        name
        for name in listed
        if (REPOSITORY / name).is_file()
        and name not in {"LICENSE", "requirements.lock"}
        and banned.search((REPOSITORY / name).read_text("utf-8", "replace"))
    ]

    assert [] == found


# concurrent.futures' pool fails all calls when one worker dies, and with max_tasks_per_child it
# hangs (Python 3.11 to 3.13); a fork copies threads' locks in whatever state they are (0007).
OTHER_POOLS = re.compile(
    r"ProcessPoolExecutor|max_tasks_per_child|multiprocessing\.Pool|\bos\.fork|forkserver|\"fork\""
)


def test_w27_workers_are_spawned_by_our_own_pool_alone() -> None:
    """w27: no other pool, no recycling by concurrent.futures, no fork."""
    used = {
        path.name: OTHER_POOLS.findall(text)
        for path in sources()
        if OTHER_POOLS.search(text := path.read_text("utf-8"))
    }
    starters = [path.name for path in sources() if "get_context(" in path.read_text("utf-8")]

    assert {} == used
    assert ["pool.py"] == starters
    assert 'get_context("spawn")' in (REPOSITORY / "pacd/engine/pool.py").read_text("utf-8")
