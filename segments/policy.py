"""Numbers that the business chose for classing."""

import datetime as dt
from decimal import Decimal

FIRST_PERCENTILE = 0.8  # the first thresholds let one customer in five reach each
LEAST_THRESHOLD = Decimal("1.00")  # nobody is key without any profit
FEWEST_CUSTOMERS = 20  # fewer say nothing of a distribution
LONGEST_OVERRIDE = dt.timedelta(days=2 * 366)  # longer is a rule, not an exception
MOST_OVERRIDDEN = 1000  # accounts whose class is set by hand at once
# The value matrix: who counts as high, how fine it is drawn, and up to how many
# customers each is a point of its own.
HIGH_SHARE = 0.3
MATRIX_BINS = 20
MATRIX_POINTS = 1_500
# A cohort of customers is judged against all: with so many of them, and once they have
# been customers for so long on average.
FEWEST_JUDGED = 8
JUDGED_AFTER_DAYS = 180
COHORTS_COUNTED_EVERY_DAYS = 7  # quarters hardly move from night to night
COHORTS_KEPT_DAYS = 400  # as long as the values of each night
# Gut versus data: how many accounts are named, and of how many at most one in so many,
# because who names all of few cannot be wrong; when it shows who was right.
MOST_NAMED = 10
NAMED_OF = 2
MONTHS_UNTIL_KNOWN = (3, 6, 12)
FEW_NAMED = 30  # fewer say little about gut or data
