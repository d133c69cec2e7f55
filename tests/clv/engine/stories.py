"""The models' stories, told purchase by purchase without any of their formulas."""

from dataclasses import dataclass

import numpy as np

from clv.engine.history import Histories


@dataclass(frozen=True)
class Past:
    """Simulated accounts: what was seen, and what really is."""

    histories: Histories
    is_alive: np.ndarray
    future_orders: np.ndarray


def lives(rng, count, *, age, future, draw_account, shape=1):
    """Simulate accounts from their first purchase to `age` + `future` days.

    `draw_account(rng)` returns the rate of its Poisson events, a function that says
    whether it leaves at its n-th repeat purchase (0 is the first purchase), and the
    day of its silent death. Only every `shape`-th event is a purchase.
    """
    rows = [_life(rng, age, future, shape, draw_account(rng)) for _ in range(count)]
    x, recency, alive, later = (np.array(column) for column in zip(*rows, strict=True))
    return Past(Histories.check(x, recency, np.full(count, float(age))), alive, later)


def _life(rng, age, future, shape, account):
    rate, leaves_at_purchase, dies_on = account
    now, x, recency, later = 0.0, 0, 0.0, 0
    gone_on = 0.0 if leaves_at_purchase(0) else dies_on
    while now < gone_on:
        now += sum(rng.exponential(1.0 / rate) for _ in range(shape))
        if now > min(gone_on, age + future):
            break
        if now <= age:
            x, recency = x + 1, now
        else:
            later += 1
        if leaves_at_purchase(x + later):
            gone_on = now
    return x, recency, gone_on > age, later


def bgnbd_account(r, alpha, a, b, *, leaves_at_first=False):
    """An account that may leave after each repeat purchase."""

    def draw(rng):
        p = rng.beta(a, b)

        def leaves(purchase):
            return (purchase > 0 or leaves_at_first) and rng.random() < p

        return rng.gamma(r, 1.0 / alpha), leaves, np.inf

    return draw


def pareto_account(r, alpha, s, beta):
    """An account that dies silently at its own rate."""

    def draw(rng):
        death = rng.exponential(1.0 / rng.gamma(s, 1.0 / beta))
        return rng.gamma(r, 1.0 / alpha), lambda _: False, death

    return draw
