"""A strict reader of Prometheus' text format 0.0.4, and its rules for names."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# prometheus.io/docs/instrumenting/exposition_formats and /docs/concepts/data_model
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_SAMPLE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)", re.ASCII
)
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)')
_UNESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}
_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}

Read = tuple[str, dict[str, str], float]


@dataclass
class Family:
    """One metric as it was read."""

    name: str
    help: str
    kind: str
    samples: list[Read] = field(default_factory=list)

    def value(self, **labels: str) -> float:
        """The value of the one sample with these labels."""
        (found,) = (value for _, given, value in self.samples if given == labels)
        return found

    def labels(self, name: str) -> list[str]:
        """The values of one label, in order."""
        return [given[name] for _, given, _ in self.samples]


def read(text: str) -> dict[str, Family]:
    """Every metric by name; an AssertionError for what is not exactly by the rules."""
    assert text.endswith("\n")
    families: dict[str, Family] = {}
    lines = iter(text[:-1].split("\n"))
    current: Family | None = None
    for line in lines:
        if line.startswith("#"):
            current = _head(line, next(lines))
            assert current.name not in families, f"{current.name} comes twice"
            families[current.name] = current
            continue
        assert current is not None, "a sample before any HELP"
        current.samples.append(_sample(line, current))
    for family in families.values():
        _check(family)
    return families


def _head(line: str, following: str) -> Family:
    words = line.split(" ", 3)
    assert ["#", "HELP"] == words[:2]
    name, told = words[2], words[3]
    assert _NAME.fullmatch(name)
    typed = following.split(" ")
    assert ["#", "TYPE", name] == typed[:3]
    assert typed[3] in _SUFFIXES
    return Family(name, _unescaped(told), typed[3])


def _sample(line: str, family: Family) -> Read:
    match = _SAMPLE.fullmatch(line)
    assert match, line
    assert match["name"] in {family.name + each for each in _SUFFIXES[family.kind]}, line
    labels = dict(_labels(match["labels"])) if match["labels"] is not None else {}
    return match["name"], labels, _number(match["value"])


def _labels(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        match = _LABEL.match(text, at)
        assert match, text
        yield match[1], _unescaped(match[2])
        at = match.end()


def _unescaped(text: str) -> str:
    return re.sub(r'\\[\\"n]', lambda match: _UNESCAPED[match[0]], text)


def _number(text: str) -> float:
    assert re.fullmatch(r"[+-]Inf|NaN|-?\d+(\.\d+)?(e[+-]?\d+)?", text), text
    return float(text.replace("Inf", "inf"))


def _check(family: Family) -> None:
    keys = [(name, tuple(labels.items())) for name, labels, _ in family.samples]
    assert len(keys) == len(set(keys)), f"{family.name}: a sample comes twice"
    assert family.samples, f"{family.name} has no samples"
    assert family.help.endswith(".")
    if family.kind == "counter":
        assert family.name.endswith("_total")
        assert all(value >= 0 for *_, value in family.samples)
    if family.kind == "histogram":
        _check_histogram(family)


def _check_histogram(family: Family) -> None:
    rows: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
    counts = {}
    for name, labels, value in family.samples:
        rest = tuple((key, text) for key, text in labels.items() if key != "le")
        if name.endswith("_bucket"):
            rows.setdefault(rest, []).append((_number(labels["le"]), value))
        elif name.endswith("_count"):
            counts[rest] = value
    assert rows.keys() == counts.keys()
    for rest, buckets in rows.items():
        assert buckets == sorted(buckets), "bounds or counts fall"
        assert [value for _, value in buckets] == sorted(value for _, value in buckets)
        assert math.isinf(buckets[-1][0])
        assert buckets[-1][1] == counts[rest]
