"""The text that Prometheus reads, held against a strict reader of our own."""

import math

import pytest

from pacd.protocol.metrics import Metric, MetricKind, Sample, by_label, exposition, histogram
from tests.prometheus import read


def test_a_metric_has_help_type_and_samples() -> None:
    """O2: HELP, TYPE, then the samples; whole numbers without a point, others to the last bit."""
    jobs = Metric("pacd_jobs_total", MetricKind.COUNTER, "Jobs.", by_label("kind", {"a": 3}))
    load = Metric("pacd_load", MetricKind.GAUGE, "Load.", (Sample(0.1), Sample(math.inf)))

    assert (
        "# HELP pacd_jobs_total Jobs.\n"
        "# TYPE pacd_jobs_total counter\n"
        'pacd_jobs_total{kind="a"} 3\n'
        "# HELP pacd_load Load.\n"
        "# TYPE pacd_load gauge\n"
        "pacd_load 0.1\n"
        "pacd_load +Inf\n"
    ) == exposition([jobs, load])


def test_a_histogram_adds_up() -> None:
    """O2: buckets are cumulative, end with +Inf, and agree with the count."""
    samples = histogram((0.1, 1.0), (2, 3, 1), 4.5, (("kind", "test"),))
    text = exposition([Metric("pacd_s", MetricKind.HISTOGRAM, "Time.", tuple(samples))])
    found = read(text)["pacd_s"]

    assert [
        ("pacd_s_bucket", {"kind": "test", "le": "0.1"}, 2.0),
        ("pacd_s_bucket", {"kind": "test", "le": "1"}, 5.0),
        ("pacd_s_bucket", {"kind": "test", "le": "+Inf"}, 6.0),
        ("pacd_s_sum", {"kind": "test"}, 4.5),
        ("pacd_s_count", {"kind": "test"}, 6.0),
    ] == found.samples


@pytest.mark.parametrize("odd", ['a"b', "a\\b", "a\nb", "a\\nb", "坂本龍一", "", "a,b}={ 1"])
def test_odd_names_are_escaped_and_come_back(odd: str) -> None:
    """O2, X2: a library may be named as it likes; the line stays one line."""
    metric = Metric("pacd_x", MetricKind.GAUGE, f"Of {odd}.", by_label("library", {odd: 1}))
    found = read(exposition([metric]))["pacd_x"]

    assert (f"Of {odd}.", [("pacd_x", {"library": odd}, 1.0)]) == (found.help, found.samples)


_FALLING = """\
# HELP pacd_x X.
# TYPE pacd_x histogram
pacd_x_bucket{le="1"} 2
pacd_x_bucket{le="+Inf"} 1
pacd_x_sum 1
pacd_x_count 1
"""


@pytest.mark.parametrize(
    "wrong",
    [
        "pacd_x 1\n",
        "# HELP pacd_x X.\n# TYPE pacd_x gauge\npacd_x 1",
        "# HELP pacd_x X.\n# TYPE pacd_x gauge\npacd_x one\n",
        "# HELP pacd_x X.\n# TYPE pacd_x gauge\npacd_x 1\npacd_x 1\n",
        "# HELP pacd_x X.\n# TYPE pacd_x counter\npacd_x 1\n",
        "# TYPE pacd_x gauge\npacd_x 1\n",
        '# HELP pacd_x X.\n# TYPE pacd_x gauge\npacd_x{a="b} 1\n',
        _FALLING,
    ],
)
def test_the_reader_is_strict(wrong: str) -> None:
    """O2: what the tests read with refuses what Prometheus would refuse or misread."""
    with pytest.raises(AssertionError):
        read(wrong)
