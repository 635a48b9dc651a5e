"""The shipped configuration, held against the code."""

import re
import tomllib
from pathlib import Path
from typing import Any

from pacd.settings import load_settings
from pacd.settings.environment import VARIABLES
from pacd.settings.sections import SECTIONS
from tests.configurations import MUSIC, environ, mistakes, write

SHIPPED = Path(__file__).parents[2] / "config" / "pacd.toml"


def _uncommented(text: str) -> str:
    """The shipped file with every default and example in force."""
    return re.sub(r"(?m)^#(?=\[\[|\w+ = )", "", text)


def test_the_shipped_file_is_valid_once_a_root_is_set(tmp_path: Path) -> None:
    """1.2: as shipped it asks for the library's root, and for nothing else."""
    text = SHIPPED.read_text()
    path = write(tmp_path, text)

    assert re.fullmatch(r".*: `root` is missing in \[\[library\]\]\.", mistakes(path))

    settings = load_settings(
        write(tmp_path, text.replace('#root = "/srv/music"', MUSIC[12:], 1)), environ()
    )

    assert load_settings(write(tmp_path, MUSIC), environ()).effective() == settings.effective()


def test_the_shipped_file_is_valid_with_everything_uncommented(tmp_path: Path) -> None:
    """1.2: the examples can be used as they stand."""
    path = write(tmp_path, _uncommented(SHIPPED.read_text()))

    assert ["opus"] == [
        mirror.name for mirror in load_settings(path, environ()).libraries()[0].mirrors
    ]


def test_the_shipped_file_has_every_key_and_default() -> None:
    """1.2: the same sections, the same keys, the same defaults as the code, in one order."""
    shipped: dict[str, Any] = tomllib.loads(_uncommented(SHIPPED.read_text()))
    (library,) = shipped.pop("library")
    (mirror,) = library.pop("mirror")
    shipped |= {"library": library, "library.mirror": mirror}

    assert list(SECTIONS) == list(shipped)
    for name, model in SECTIONS.items():
        fields = {key: field for key, field in model.model_fields.items() if key != "mirror"}

        assert list(fields) == list(shipped[name])

        for key, field in fields.items():
            if not field.is_required() and field.default is not None:
                default = field.default
                plain = list(default) if isinstance(default, tuple) else default

                assert (key, plain) == (key, type(plain)(shipped[name][key]))


def test_the_shipped_file_explains_each_key_in_one_sentence() -> None:
    """1.2: what stands above a key is its description, one sentence with its unit."""
    explained: dict[str, list[str]] = {}
    section = ""
    above: list[str] = []
    for line in SHIPPED.read_text().splitlines():
        if header := re.match(r"#?\[+([\w.]+)\]", line):
            section = header[1]
            above = []
        elif key := re.match(r"#?(\w+) = ", line):
            explained.setdefault(section, []).append(f"{key[1]}: {' '.join(above)}")
            above = []
        else:
            above.append(line.removeprefix("# "))

    for name, model in SECTIONS.items():
        fields = {key: field for key, field in model.model_fields.items() if key != "mirror"}

        assert [f"{key}: {field.description}" for key, field in fields.items()] == explained[name]
        for field in fields.values():
            assert re.fullmatch(r"[A-Z](?:[^.]|\.(?! |$))*\.", field.description or "")


def test_every_key_of_a_section_has_its_variable() -> None:
    """1.1: each key of the file but those of libraries can be overridden."""
    keys = {
        (section, key)
        for section, model in SECTIONS.items()
        if not section.startswith("library")
        for key in model.model_fields
    }

    assert keys == set(VARIABLES.values())
