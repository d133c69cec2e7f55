"""Numbers of retention that somebody in the business chose, with unit and reason."""

import datetime as dt
from decimal import Decimal

# Two working weeks: long enough to arrange visits, short enough that a change of class
# or plan finds few touches to call back.
PLANNING_HORIZON_DAYS = 14

# A quarter: the longest cadence but one. What lies further ahead stays a draft.
PUBLISH_AHEAD_DAYS = 92

# What one customer may cost by a plan within a year: beyond it somebody mistyped a unit
# cost, and sums over a million customers would not fit their columns.
MOST_A_YEAR = 1_000_000_000

# Spend counts against what is justified for one year.
SPEND_WINDOW_DAYS = 365

# What an hour costs where nobody of the role exists yet; also the default of new users.
HOURLY_COST_IF_NOBODY = Decimal("60.00")

# A touch expires when its period is over and it is late by so many days: whoever was
# ill at the end of a quarter still has a week, and nobody calls about spring in autumn.
TOUCH_GRACE_DAYS = 7

# What is put off for longer than a year is given up.
FURTHEST_SNOOZE_DAYS = 366
MOST_AT_ONCE = 100

# -- What the night tells (campaigns/services/alerts.py) -------------------------------
# An alert that nobody took up within a month is no news any more.
ALERT_DAYS = 30
# Moves of class, and accounts that paid back, are told within two weeks of the day.
NEWS_DAYS = 14
# Break-even slipped when it is expected so much later than it was a month ago.
SLIPPED_DAYS = 30
SLIPPED_SINCE_DAYS = 28
# A usual order is late when one and a half of the account's own intervals have passed;
# after four it is no longer late, and the model has long taken it into account.
REPEAT_LATE_AFTER = 1.5
REPEAT_LOST_AFTER = 4.0
FEWEST_ORDERS_FOR_RHYTHM = 3
SHORTEST_RHYTHM_DAYS = 7  # who buys every other day has no order that is late
EVENT_AHEAD_DAYS = 14
ANNIVERSARY_AHEAD_DAYS = 7
ANNIVERSARY_YEARS = 5  # told every so many years with us

# -- The queue of cases (campaigns/queries/service.py) ---------------------------------
# Among cases that stand alike, class weight times urgency weight decides: an urgent
# case of a general customer counts as much as a normal one of a current key.
CASE_CLASS_WEIGHTS = {
    "current_key": 4,
    "potential_key": 3,
    "general": 2,
    "never_profitable": 1,
    "": 2,  # nobody knows yet, so as most are
}
CASE_URGENCY_WEIGHTS = {"urgent": 4, "high": 3, "normal": 2, "low": 1}
# A year: who allows more than that promises nothing.
LONGEST_SERVICE_MINUTES = 366 * 24 * 60

# -- Mails (campaigns/services/sending.py) ---------------------------------------------
# One round sends for so long, so that a slow mail server holds nothing else up.
SENDING_SECONDS = 20.0
# Longer than all that a mail server may take for one mail; then its sender is lost.
SENDING_LEASE = dt.timedelta(minutes=10)
# With the waits below the last attempt is about a day after the first.
MOST_ATTEMPTS = 10
FIRST_RETRY = dt.timedelta(minutes=2)
LONGEST_RETRY = dt.timedelta(hours=6)
ADDRESS_REFUSED = "The server refused the address: "
# What one press queues at most; the rest waits for the next.
MOST_MAILS_AT_ONCE = 2_000
# The log of automations keeps for so long what was not done. Of states that hold for
# long, such as a silence, the newest row of an account stays, so that it stays decided.
PASSED_OVER_KEPT_DAYS = 92
PASSED_OVER_STATES_KEPT_DAYS = 400
# For so long a decision at the gate to include everybody holds for the same touch, so
# that a mailing that is printed in parts over days is decided about once.
GATE_DECISION_HOLDS_DAYS = 14
# What one file of letters holds; a printer takes more files, not longer ones.
MOST_LETTERS = 500

# Rows of Today that are shown at once: what one person can do in a day.
TODAY_ROWS = 25

# Of fewer decided deals a share says more about luck than about the competitor.
FEWEST_DEALS_FOR_A_SHARE = 5

# -- Terms of touches ------------------------------------------------------------------
# Two years: who is still being welcomed later is an old customer.
LATEST_ONBOARDING_DAY = 730
# Half a year on either side; further away it is the next anniversary that is meant.
FURTHEST_FROM_ANNIVERSARY_DAYS = 180
# A plan that runs for longer than ten years runs as long as it fits.
LONGEST_RUN_DAYS = 3650
# A year has 52 weeks of work to which a year's hours are spread; holidays are in the
# hours that each person says.
WEEKS_PER_YEAR = 52

# -- Unit costs of the ready plans, in the shop's currency, minutes not included -------
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
# A first talk takes longer: a quarter of an hour and three minutes to write it down.
WELCOME_CALL_MINUTES = 18
# Two sheets 0.20, envelope 0.15, postage for a standard letter 0.95.
LETTER_UNIT_COST = Decimal("1.30")
# A printed card 1.10, envelope 0.15, postage 0.95; signed by hand within three minutes.
CARD_UNIT_COST = Decimal("2.20")
CARD_MINUTES = 3
# Travel as for a visit 25.00, and a report of the year's figures printed twice 6.00.
REVIEW_UNIT_COST = Decimal("31.00")
# Half a day for two: an hour and a half of talk, the rest on the road and to prepare.
REVIEW_MINUTES = 210
# Room, food and speaker for forty at 1,800.00, and an invitation for 0.50.
EVENT_UNIT_COST = Decimal("45.50")
# One message on a business network: the time to write it; the account costs nothing.
SOCIAL_UNIT_COST = Decimal("0.00")
SOCIAL_MINUTES = 3
# The survey service's monthly fee over the answers that come in.
SURVEY_UNIT_COST = Decimal("0.15")

# -- Campaigns (campaigns/services/campaigns.py) ---------------------------------------
# Two years: what goes on for longer is a plan.
LONGEST_CAMPAIGN_DAYS = 731
# What happens within a quarter after its last day is still the campaign's: margin, and
# prospects that become customers.
CAMPAIGN_AFTERWARDS_DAYS = 90
# Of fewer on either side a difference says more about luck than about the campaign.
FEWEST_FOR_AN_EFFECT = 20
# Proposed where it tells the effect well enough: a tenth is spared.
USUAL_HOLDOUT_PERCENT = 10
MOST_HOLDOUT_PERCENT = 50
# The effect is told well enough to within a tenth of what is expected of an account.
WANTED_PRECISION = 0.1
# What one account may cost by a campaign: beyond it somebody mistyped a unit cost.
MOST_A_CAMPAIGN = 1_000_000
MOST_CAMPAIGN_TOUCHES = 50
# More accounts take longer to start than a page may: a worker starts them.
MOST_STARTED_AT_ONCE = 5_000
# A start that no worker managed in an hour is given up, so that nobody waits for it.
LONGEST_START = dt.timedelta(hours=1)

# -- The plan optimiser (campaigns/queries/optimiser.py) ----------------------------
# Bands of the margin expected of an account within a year, in the shop's currency: each
# about twice the one before, as plans differ by such steps.
WORTH_BANDS = (0, 25, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 100_000)
# How far the grid reaches above the highest and below the lowest band, as a ratio.
WORTH_BAND_OPEN_END = 100
LONGEST_SEARCH_SECONDS = 2.0
SEARCH_GAP = 0.00001  # of the gain: a euro in a hundred thousand is no reason to wait
