"""Numbers that the firm chose for its daily work."""

import datetime as dt

from crm.choices import Channel, DecisionRole, Outcome

LONGEST_CONTACT_MINUTES = 24 * 60
UNDO_WITHIN = dt.timedelta(days=1)

# Channels on which a person can ask to be left alone.
REFUSABLE_CHANNELS = frozenset({Channel.PHONE, Channel.EMAIL, Channel.MESSAGE})
# Neither reached anybody: a note is about a customer, an unanswered call is none.
CHANNELS_WITHOUT_CONTACT = frozenset({Channel.NOTE})
OUTCOMES_WITHOUT_CONTACT = frozenset({Outcome.NO_ANSWER})

# Somebody should speak with those who decide at least this often.
SILENCE_TOLERATED = dt.timedelta(days=90)
ROLES_TO_SPEAK_WITH = (DecisionRole.ECONOMIC_BUYER, DecisionRole.DECIDER)

HOLDING_AGED_AFTER = dt.timedelta(days=3 * 365)
HOLDING_ENDS_SOON = dt.timedelta(days=90)
# Use is low when the newest month is below this share of the months before it.
LOW_USE_SHARE = 0.5

FURTHEST_EVENT_AHEAD = dt.timedelta(days=5 * 365)
FURTHEST_TASK_AHEAD = dt.timedelta(days=5 * 365)
