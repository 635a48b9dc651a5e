"""Numbers for monitoring systems, and their text as Prometheus reads it; touches nothing."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""prometheus.io/docs/instrumenting/exposition_formats, "Text-based format"."""

# The same page: in HELP backslash and line feed are escaped, in label values the quote as well.
_IN_HELP: Final = str.maketrans({"\\": r"\\", "\n": r"\n"})
_IN_LABEL: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})

Labels = tuple[tuple[str, str], ...]


class MetricKind(StrEnum):
    """What a number does: it only grows, it goes up and down, or it is a distribution."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Sample:
    """
    One number.

    Attributes:
        suffix: Follows the metric's name: "_bucket", "_sum", "_count" of a histogram, else "".
    """

    value: float
    labels: Labels = ()
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """One name with all its samples, in the order they are shown; at least one."""

    name: str
    kind: MetricKind
    help: str
    samples: tuple[Sample, ...]


def exposition(metrics: Iterable[Metric]) -> str:
    """The text of metrics, each with HELP and TYPE before its samples; ends with a line feed."""
    return "".join(f"{line}\n" for metric in metrics for line in _lines(metric))


def histogram(
    bounds: Sequence[float], counts: Sequence[int], total: float, labels: Labels
) -> Iterator[Sample]:
    """
    Yield the samples of one distribution.

    Args:
        bounds: Upper bounds, rising, inclusive.
        counts: What fell between a bound and the one before; one more than bounds, for the rest.
        total: Sum of all that was observed.
    """
    so_far = 0
    for bound, count in zip((*bounds, math.inf), counts, strict=True):
        so_far += count
        yield Sample(so_far, (*labels, ("le", _number(bound))), "_bucket")
    yield Sample(total, labels, "_sum")
    yield Sample(so_far, labels, "_count")


def by_label(label: str, values: Mapping[str, float]) -> tuple[Sample, ...]:
    """One sample for each value of a label, in their order."""
    return tuple(Sample(value, ((label, name),)) for name, value in values.items())


def _lines(metric: Metric) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.help.translate(_IN_HELP)}"
    yield f"# TYPE {metric.name} {metric.kind.value}"
    for sample in metric.samples:
        labels = ",".join(f'{name}="{text.translate(_IN_LABEL)}"' for name, text in sample.labels)
        braced = f"{{{labels}}}" if labels else ""
        yield f"{metric.name}{sample.suffix}{braced} {_number(sample.value)}"


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() else repr(float(value))
