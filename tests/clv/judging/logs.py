"""Purchase logs told purchase by purchase."""

from clv.engine.judging.purchases import PurchaseLog

START = 738_000
DAYS = 730
AS_OF = START + DAYS


def simulated_log(rng, count, *, days=DAYS, month_factors=None, p=(0.8, 4.0)):
    """BG/NBD buyers who join over the first 60 % of the time; margins are gamma.

    `month_factors` slow and quicken them by calendar month.
    """
    accounts, stamps, values = [], [], []
    for account in range(count):
        now, rate = rng.uniform(0, 0.6 * days), rng.gamma(0.8, 1 / 35)
        leaves, mean = rng.beta(*p), 30 / rng.gamma(4.0, 1 / 3)
        alive = True
        first = True
        while now < 2 * days and alive:
            accounts.append(account)
            stamps.append(START + int(now))
            values.append(mean * rng.gamma(4.0) / 4)
            alive = first or rng.random() > leaves
            first = False
            now = next_moment(rng, now, rate, month_factors)
    return PurchaseLog.check(accounts, stamps, values)


def next_moment(rng, now, rate, factors):
    if factors is None:
        return now + rng.exponential(1 / rate)
    top = max(factors)
    while True:
        now += rng.exponential(1 / (rate * top))
        month = int(now / 30.4375) % 12
        if rng.random() < factors[month] / top:
            return now
