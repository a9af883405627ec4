"""What differs in the last digits only is the same."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import k8snb
from k8snb.distributions.precision import bits, rounded


def _prices(seed):
    return np.random.default_rng(seed).choice([9.99, 19.99, 4.49, -0.1, 0.0], 2000)


@pytest.mark.parametrize(
    "other",
    [
        lambda values: values.astype("float32"),
        lambda values: values.astype("float16"),
        lambda values: pd.Series(values, dtype="Float32"),
        lambda values: pd.arrays.SparseArray(values.astype("float32")),
        lambda values: pa.array(values, pa.float32()),
        lambda values: pd.Series(values, dtype="float[pyarrow]"),
        lambda values: values * (1 + 1e-14),
    ],
)
def test_a_column_of_another_precision_has_not_drifted(other):
    for one, two in ((_prices(1), other(_prices(2))), (other(_prices(1)), _prices(2))):
        (finding,) = k8snb.skew({"x": one}, {"x": two}).findings
        assert (finding.state, finding.words) == ("same", ())
        assert finding.distances.ks < 0.05


def test_a_constant_with_another_last_digit_is_the_same():
    (finding,) = k8snb.skew([0.3] * 100, [0.1 + 0.2] * 100).findings
    assert (finding.state, finding.words) == ("same", ())


def test_what_differs_more_is_told():
    assert k8snb.skew([0.3] * 100, [0.300001] * 100).drifted == ["value"]
    assert k8snb.skew([0.3] * 100, np.full(100, 0.3001, dtype="float32")).drifted == ["value"]


def test_rounding_keeps_the_order_and_what_is_infinite():
    values = np.sort(np.append(np.random.default_rng(0).normal(size=1000), [np.inf, -np.inf, 0.0, 1e300, -1e-300]))
    found = rounded(values, 20)
    assert (np.diff(found[1:-1]) >= 0).all()
    assert (found[0], found[-1]) == (-np.inf, np.inf)
    assert found[1:-1] == pytest.approx(values[1:-1], rel=2**-20)


def test_bits_are_those_of_the_coarsest_type():
    assert bits(["float64", "float32"]) == bits(["float[pyarrow]"]) == bits(["Sparse[float32, nan]"]) == 23
    assert bits(["double", "int64", ""]) == 40
    assert bits(["halffloat", "float32"]) == 10
