"""Numbers of retention that somebody in the business chose, with unit and reason."""

from decimal import Decimal

# Two working weeks: long enough to arrange visits, short enough that a change of class
# or plan finds few touches to call back.
PLANNING_HORIZON_DAYS = 14

# A quarter: the longest cadence but one. What lies further ahead stays a draft.
PUBLISH_AHEAD_DAYS = 92

# Spend counts against what is justified for one year.
SPEND_WINDOW_DAYS = 365

# What an hour costs where nobody of the role exists yet; also the default of new users.
HOURLY_COST_IF_NOBODY = Decimal("60.00")

# Rows of Today that are shown at once: what one person can do in a day.
TODAY_ROWS = 25

# -- Unit costs of the ready template, in the shop's currency, minutes not included ----
# Offset print of 32 pages at 2,000 copies 3.20, envelope 0.15, postage for 200 g 1.45.
MAGAZINE_UNIT_COST = Decimal("4.80")
# 60 km there and back at 0.35 a kilometre, parking 4.00, something small to bring 5.00.
VISIT_UNIT_COST = Decimal("30.00")
# One hour with the customer and half an hour on the road.
VISIT_MINUTES = 90
# Dispatch and its share of the dispatch service's monthly fee; no print, no postage.
EMAIL_UNIT_COST = Decimal("0.05")
# Line and number; the minutes are the cost.
CALL_UNIT_COST = Decimal("0.20")
# Ten minutes of talk and two to write it down.
CALL_MINUTES = 12
