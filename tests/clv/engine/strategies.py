"""Random inputs for property tests."""

from hypothesis import strategies as st

from clv.engine.history import Histories


@st.composite
def one_history(draw):
    age = draw(st.integers(0, 3000))
    x = draw(st.integers(0, min(age, 800)))
    recency = draw(st.integers(1, age)) if x else 0
    return Histories.check([x], [recency], [age])


def parameter(low=0.02, high=50.0):
    return st.floats(low, high)


rates = st.floats(1.0, 500.0)
horizons = st.floats(0.0, 4000.0)
annual_rates = st.floats(0.0, 0.6)
