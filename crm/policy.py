"""Numbers that the firm chose for its daily work."""

import datetime as dt

LONGEST_CONTACT_MINUTES = 24 * 60
UNDO_WITHIN = dt.timedelta(days=1)

# Words of crm.choices. Channels on which a person can ask to be left alone.
REFUSABLE_CHANNELS = frozenset({"phone", "email", "message", "chat", "social", "post"})
# Here nobody is written to about a topic, such as offers, before they said yes.
OPT_IN_CHANNELS = frozenset({"email", "message"})
# Within this a person's own limit of contacts from us counts.
CAP_WINDOW = dt.timedelta(days=30)
# Neither reached anybody: a note is about a customer, an unanswered call is none.
CHANNELS_WITHOUT_CONTACT = frozenset({"note"})
OUTCOMES_WITHOUT_CONTACT = frozenset({"no_answer"})

# Who contacts a customer within this after a colleague perhaps does work twice; the
# report of it looks back so far.
DUPLICATE_WINDOW = dt.timedelta(days=7)
OVERLAP_REPORTED = dt.timedelta(days=30)

# What an hour will cost is known for the next rounds of pay, not further.
FURTHEST_RATE_AHEAD = dt.timedelta(days=2 * 366)

DIGEST_HOUR = 7  # company time; before the working day

# Somebody should speak with those who decide at least this often.
SILENCE_TOLERATED = dt.timedelta(days=90)
ROLES_TO_SPEAK_WITH = ("economic_buyer", "decider")

# What is older than it usually lasts is aged: by the product's own life, else by how
# long customers kept it if enough of them stopped, else by this.
HOLDING_AGED_AFTER_MONTHS = 36
FEWEST_TO_LEARN_A_LIFE = 5
FURTHEST_END_AHEAD = dt.timedelta(days=30 * 365)
HOLDING_ENDS_SOON = dt.timedelta(days=90)
# Use is low when the newest month is below this share of the months before it, of what
# was agreed, or of what like accounts use.
LOW_USE_SHARE = 0.5
FEWEST_TO_COMPARE_USE = 5  # accounts with the same product

# Events to come, birthdays and jubilees among them, are told this long before.
EVENTS_TOLD_AHEAD = dt.timedelta(days=90)
FURTHEST_EVENT_AHEAD = dt.timedelta(days=5 * 365)
# A goal or a hypothesis is looked at again after so long, unless somebody says when.
REVIEW_AFTER = dt.timedelta(days=90)
FURTHEST_TASK_AHEAD = dt.timedelta(days=5 * 365)

# A deal that is to be decided later than this is a wish.
FURTHEST_DEAL_AHEAD = dt.timedelta(days=5 * 365)
# What the customer does not come back to within two weeks is closed for good.
CASE_CLOSES_AFTER = dt.timedelta(days=14)
MOST_SIMILAR_CASES = 5
# A product is due again when the usual time between orders has passed so many times.
REPEAT_IS_LATE_AFTER = 1.5
FEWEST_ORDERS_FOR_AN_INTERVAL = 3

# Tabs that one person can tell apart, and pins that do not push the timeline away.
MOST_TIMELINE_FILTERS = 12
MOST_PINS = 5

CAPTURES_LOOK_BACK_DAYS = 14  # what nobody said anything of by then is confirmed
# An older letter without an answer is no reply any more but a new beginning.
REPLIES_LOOK_BACK_DAYS = 60
# Products that many of the same accounts buy are suggested as complements.
FEWEST_BUYING_BOTH = 10  # accounts
LEAST_LIFT = 1.5
MOST_SUGGESTIONS = 10

# A log that stood open for longer was interrupted and says nothing about typing.
LONGEST_ENTRY_SECONDS = 600

# Mailboxes and calendars that people connected are looked into so often. After a
# failure it takes longer each time, up to the longest; where only a person can help,
# it begins slowly, so that no server locks an account for trying.
MAILBOX_EVERY = dt.timedelta(seconds=30)
CALENDAR_EVERY = dt.timedelta(minutes=5)
RETRY_AFTER = dt.timedelta(minutes=2)
RETRY_LASTING_AFTER = dt.timedelta(minutes=15)
LONGEST_RETRY = dt.timedelta(hours=6)
TOLD_AFTER_FAILURES = 5  # in a row, of a server that does not answer
MAILS_FURTHEST_BACK = dt.timedelta(days=30)
MOST_FOLDERS = 10
MEETINGS_AHEAD = dt.timedelta(days=366)  # that a calendar may tell of before
# What refused rows of a file held may name people; by then nobody mends them any more.
REFUSED_ROWS_KEPT_DAYS = 30
