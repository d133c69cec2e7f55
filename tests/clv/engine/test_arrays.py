import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clv.engine.arrays import distinct_rows

rows = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=40)


def check(columns):
    first, inverse = distinct_rows(*columns)
    table = np.stack(columns, axis=1)
    _, index, back = np.unique(table, axis=0, return_index=True, return_inverse=True)
    assert first.tolist() == index.tolist()
    assert inverse.tolist() == back.ravel().tolist()


@given(rows=rows, scale=st.sampled_from([1.0, 0.25, 7.0, 1e7, 1e15]))
def test_distinct_rows_are_found_in_order_with_the_way_back(rows, scale):
    table = np.array(rows, dtype=float).reshape(-1, 2)
    check([table[:, 0], table[:, 1] * scale])


@pytest.mark.parametrize("high", [5, 400, 10**6, 10**12])
def test_every_way_of_telling_apart_gives_the_same(high):
    rng = np.random.default_rng(3)
    check([rng.integers(0, high, 3_000).astype(float) for _ in range(3)])


def test_one_column_is_enough():
    check([np.array([2.0, 0.0, 2.0, 9.0])])
