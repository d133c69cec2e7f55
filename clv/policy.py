"""Numbers that the business chose for valuing."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from crm.choices import CostKind

# Models of repeat buying. The first values the firm unless another is clearly likelier
# on the firm's own histories, so that the choice does not swing from night to night.
MODEL_NAMES = ("bgnbd", "mbgnbd")
CLEARLY_LIKELIER = 2.0  # difference of log likelihoods
NIGHT_BEGINS = dt.time(2, 0)  # company time; all of yesterday has been entered by then
INTERVAL_LEVEL = 0.8  # one account in ten falls below, one above
INTERVAL_DRAWS = 200  # enough that an interval's ends move by a few per cent
# Futures are drawn once for a run by pair of frequency and age; with more pairs, block
# by block: a pair takes 2.4 KB. Another number gives other digits between the two.
MOST_COMMON_PAIRS = 50_000
# What is expected is worked out once for a run too, by pair in days; changes no digit.
MOST_COMMON_OUTLOOKS = 300_000
NEWCOMER_DRAWS = 400  # shared by all accounts that never ordered
FEWEST_ORDERS_OF_ITS_OWN = 2  # purchases below which a history says nothing of pace
# A customer of a week with one visit does not cost fifty visits a year: no account is
# judged as younger than a quarter.
YOUNGEST_DAYS = 91.0
# What each kind of cost to serve grows with (`choices.CostDriver`): orders, or years as
# a customer. The default of Assumptions.cost_drivers; winning is no cost to serve.
COST_DRIVERS: Mapping[str, str] = MappingProxyType(
    {
        CostKind.DELIVERY.value: "order",
        CostKind.RETURNS.value: "order",
        CostKind.CREDIT.value: "order",
        CostKind.ACCOUNT_MANAGEMENT.value: "year",
        CostKind.MARKETING.value: "year",
        CostKind.SERVICE.value: "year",
        CostKind.OTHER.value: "year",
    }
)
WINNING_KINDS = (CostKind.ACQUISITION.value, CostKind.ONBOARDING.value)
# Accounts are valued in blocks of so many ids. Part of every fingerprint, and of values
# where futures are drawn within a block: another size gives other digits.
SHARD_ACCOUNTS = 1 << 17
VALUES_KEPT_DAYS = 400  # of each night; of older ones the last of each month
SELF_CHECK_WEEKDAY = 7  # Sunday's night works out all sums anew and compares
DAYS_OF_YEAR_SUMS = 365  # "last year" is the 365 days up to the day of the run
# Revenue a year at which one size of customer ends and the next begins.
SIZE_BOUNDS = (100.0, 1_000.0, 10_000.0, 100_000.0, 1_000_000.0)
# How wide an interval may be, as a multiple of the value itself, to be called sure.
SURE_WITHIN = 0.75
FAIRLY_SURE_WITHIN = 2.0
JUDGEMENTS_WHOLE_DAYS = 400  # after that, light, sentence and brief are kept
EXPANSION_WINDOW_DAYS = 365  # within which like accounts bought what is offered
EXPANSION_LEARNT_EVERY_DAYS = 7  # shares over a year hardly move from night to night
# What may be assumed; beyond, a number is a typing error.
LONGEST_HORIZON_MONTHS = 120
MOST_ORDERS_A_YEAR = 365  # days with orders
FEWEST_ORDERS_A_YEAR = 0.1  # one in ten years
MOST_LEAVING = 0.95  # share of customers within a year, at any pace that is assumed
LARGEST_MARGIN_PER_ORDER = 1_000_000_000
# A prospect is won who orders within a year. With enough that were known for a year the
# firm's own share counts, else one in five is assumed.
WON_WITHIN_DAYS = 365
PROSPECTS_ENOUGH = 50
CHANCE_TO_WIN_IF_UNKNOWN = 0.2
# A contract that ended without a word may still be renewed: papers take their time.
RENEWAL_GRACE_DAYS = 60
LIGHT_HOLDS_DAYS = 3  # older, and pages say that the light is stale
ACTUAL_MONTHS_KEPT = 36
ACTUALS_COUNTED_EVERY_DAYS = 7  # late entries change months that are over
# A timeline tells when the CLV moved from one month's end to the next by so much.
CHANGE_OF_NOTE_SHARE = Decimal("0.10")  # of what it was
CHANGE_OF_NOTE_LEAST = Decimal("100.00")  # in the firm's currency
PAYBACK_COUNTED_EVERY_DAYS = 7  # a course over years hardly moves from night to night
FEWEST_BEHIND_A_MONTH = 5  # customers; a mean of fewer is a list of their names

# As how many closed deals the chance stated for a stage counts: ten of the firm's own
# say as much as the belief it began with.
STAGE_PRIOR_WEIGHT = 10.0
# Offers: how long a dismissed one stays away, and when a taken one is followed up.
OFFER_SILENT_MONTHS = 6
OFFER_FOLLOW_UP_DAYS = 7
OFFER_LAG_BUYERS = 5  # fewer, and the time to buying is that of all sizes
SATISFACTION_DAYS = 180  # before and after an offer was taken up
