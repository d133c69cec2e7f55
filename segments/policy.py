"""Numbers that the business chose for classing."""

from decimal import Decimal

FIRST_PERCENTILE = 0.8  # the first thresholds let one customer in five reach each
LEAST_THRESHOLD = Decimal("1.00")  # nobody is key without any profit
FEWEST_CUSTOMERS = 20  # fewer say nothing of a distribution
