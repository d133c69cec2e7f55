"""Questions about contact: how often, who is forgotten, what is missing."""

from collections.abc import Sequence

from campaigns.queries.questions import parameters
from campaigns.queries.questions.base import STANDS, Asked, Column, Draw, Question, Row
from campaigns.queries.questions.buying import ACCOUNT, OF_BASE, customers, few
from common.templatetags.display import count, counted, money, number
from crm.choices import Channel
from segments.choices import WorthClass

FAMILY = "How we keep in contact"
QUARTER_DAYS = 365.25 / 4

# -- Q3: frequency of contact ----------------------------------------------------------

BY = parameters.choice(
    "by",
    "Group",
    (
        ("class", "class"),
        ("customer", "customer"),
        ("rep", "rep"),
        ("channel", "channel"),
    ),
)
PARTS = {
    "class": "coalesce(m.worth_class, 'unknown')",
    "customer": "c.id::text",
    "rep": "coalesce(a.owner_id::text, 'nobody')",
    "channel": "k.channel",
}


def _names_of(kinds: object, column: str, otherwise: str) -> str:
    whens = " ".join(f"WHEN '{one.value}' THEN '{one.label}'" for one in kinds)  # type: ignore[attr-defined]
    return f"CASE {column} {whens} ELSE '{otherwise}' END"


LABELS = {
    "class": _names_of(WorthClass, "b.part", "No class yet"),
    "customer": "a.name",
    "rep": "coalesce(u.name, 'Nobody')",
    "channel": _names_of(Channel, "b.part", "Another way"),
}


def _frequency_base(asked: Asked) -> str:
    by = asked.values["by"]
    is_split = by == "channel"
    channels = ", ".join(
        f"('{one.value}')" for one in Channel if one is not Channel.NOTE
    )
    return f"""
    SELECT c.id AS account_id, {PARTS[by]} AS part,
        coalesce(t.contacts, 0) AS contacts, coalesce(p.planned, 0) AS planned
    FROM (SELECT DISTINCT s.id FROM seen s JOIN crm_account a ON a.id = s.id
          WHERE a.stage = 'customer') c
    JOIN crm_account a ON a.id = c.id
    LEFT JOIN segments_membership m ON m.account_id = c.id AND {STANDS}
    CROSS JOIN (VALUES {channels if is_split else "('')"}) AS k(channel)
    LEFT JOIN (
        SELECT s.id, {"t.channel" if is_split else "''"} AS channel,
            count(*) AS contacts
        FROM crm_touchpoint t JOIN seen s ON s.member = t.account_id
        WHERE t.voided_at IS NULL AND t.channel <> 'note'
            AND t.occurred_at >= %(starts_at)s AND t.occurred_at < %(ends_at)s
            AND (%(channel)s = '' OR t.channel = %(channel)s)
        GROUP BY 1, 2
    ) t ON t.id = c.id AND t.channel = k.channel
    LEFT JOIN (
        SELECT s.id, {"x.channel" if is_split else "''"} AS channel,
            count(*) AS planned
        FROM campaigns_plannedtouch t JOIN seen s ON s.member = t.account_id
        JOIN campaigns_touchtemplate x ON x.id = t.template_id
        WHERE t.status <> 'cancelled' AND t.due_on BETWEEN %(since)s AND %(until)s
            AND (%(channel)s = '' OR x.channel = %(channel)s)
        GROUP BY 1, 2
    ) p ON p.id = c.id AND p.channel = k.channel
    """


def quarters(asked: Asked) -> float:
    """Return the length of the period asked for, in quarters."""
    days = (asked.values["until"] - asked.values["since"]).days + 1
    return float(days / QUARTER_DAYS)


def _frequency_table(asked: Asked) -> str:
    by, length = asked.values["by"], quarters(asked)
    return f"""
    SELECT b.part, {LABELS[by]} AS label, max(b.account_id) AS account_id,
        count(*) AS customers, sum(b.contacts) AS contacts,
        (sum(b.contacts) / count(*) / {length})::float AS each,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY b.contacts / {length}) AS median,
        count(*) FILTER (WHERE b.contacts = 0) AS silent, sum(b.planned) AS planned,
        (sum(b.planned) / count(*) / {length})::float AS plan_each,
        sum(b.contacts)::float / nullif(sum(b.planned), 0) AS against
    FROM base b JOIN crm_account a ON a.id = b.account_id
    LEFT JOIN crm_user u ON u.id = a.owner_id
    GROUP BY 1, 2 ORDER BY each DESC, 1
    """


def _frequency_columns(asked: Asked) -> tuple[Column, ...]:
    if asked.values["by"] == "customer":
        return (
            Column("label", "Customer", "account"),
            Column("contacts", "Contacts", "count"),
            Column("each", "A quarter", "number"),
            Column("planned", "The plan asked for", "count"),
            Column("plan_each", "Planned a quarter", "number"),
            Column("against", "Done against the plan", "share"),
        )
    return (
        Column("label", asked.said["by"].capitalize()),
        Column("customers", "Customers", "count", names="true"),
        Column("each", "Contacts a quarter, each", "number"),
        Column("median", "Half have at least", "number"),
        Column("silent", "Without any", "count", names="contacts = 0"),
        Column("contacts", "Contacts", "count", names="contacts > 0"),
        Column("plan_each", "Planned a quarter", "number"),
        Column("against", "Done against the plan", "share"),
    )


def _say_frequency(asked: Asked, total: Row) -> str:
    if not total["customers"]:
        return "There is no such customer, so nobody to be in contact with."
    each = float(total["contacts"]) / total["customers"] / quarters(asked)
    planned = float(total["planned"]) / total["customers"] / quarters(asked)
    plan = (
        f"the plans asked for {number(planned)}"
        if total["planned"]
        else "no plan asked for any in this time"
    )
    return (
        f"{customers(total['customers'])} had {number(each)} contacts a quarter each, "
        f"and {plan}; {count(total['silent'])} had none from {asked.said['since']} to "
        f"{asked.said['until']}."
    )


FREQUENCY = Question(
    key="contact-frequency",
    number="Q3",
    family=FAMILY,
    words=(
        "How often were customers of {worth_class}, owned by {owner}, contacted "
        "by {channel} from "
        "{since} to {until}, by {by}?"
    ),
    parameters=(
        parameters.CLASS,
        parameters.OWNER,
        parameters.CHANNEL,
        *parameters.period(),
        BY,
    ),
    columns=_frequency_columns,
    base=_frequency_base,
    table=_frequency_table,
    totals="""
    SELECT count(*) AS customers, coalesce(sum(contacts), 0) AS contacts,
        coalesce(sum(planned), 0) AS planned,
        count(*) FILTER (WHERE contacts = 0) AS silent
    FROM (SELECT account_id, sum(contacts) AS contacts, sum(planned) AS planned
          FROM base GROUP BY 1) each
    """,
    say=_say_frequency,
    draw=lambda asked: Draw(
        title="Customers by contacts a quarter",
        label="range",
        series=("customers",),
        x_title="Contacts a quarter",
        sql=f"""
        SELECT r.label AS range, count(e.account_id) AS customers
        FROM (VALUES (0, '0'), (1, 'up to 1'), (2, '1 to 2'), (3, '2 to 4'),
                     (4, '4 to 8'), (5, 'more')) AS r(place, label)
        LEFT JOIN (
            SELECT account_id, width_bucket(
                sum(contacts) / {quarters(asked)},
                ARRAY[1e-9, 1 + 1e-9, 2 + 1e-9, 4 + 1e-9, 8 + 1e-9]) AS place
            FROM base GROUP BY account_id
        ) e ON e.place = r.place
        GROUP BY r.place, r.label ORDER BY r.place
        """,
    ),
    notes=lambda asked, total: few(total["customers"]),
    method=(
        "Who is a customer today, with the class of the day that is asked about. "
        "Contacts of both directions that "
        "were not taken back, without notes. The plan is what was due in this time, by "
        "the channel of the touch."
    ),
)

# -- Who is forgotten ------------------------------------------------------------------

SPOKEN = "('phone', 'meeting', 'visit', 'event')"

NOT_SPOKEN = Question(
    key="not-spoken-to",
    family=FAMILY,
    words=(
        "With which customers of {worth_class}, owned by {owner}, has nobody "
        "spoken for {days} "
        "days?"
    ),
    parameters=(
        parameters.KEY_CLASS,
        parameters.OWNER,
        parameters.whole("days", "Days", initial=90, least=1, most=10_000),
    ),
    columns=(
        ACCOUNT,
        Column("last_on", "Last spoken to", "day"),
        Column("silent_days", "Days ago", "days"),
        Column("clv", "CLV", "money"),
        Column("owner", "Owner"),
    ),
    base=f"""
    SELECT c.id AS account_id, t.last_on, %(today)s::date - t.last_on AS silent_days,
        v.clv, u.name AS owner
    FROM (SELECT DISTINCT id FROM seen) c
    JOIN crm_account a ON a.id = c.id AND a.stage = 'customer'
    LEFT JOIN crm_user u ON u.id = a.owner_id
    LEFT JOIN clv_valuation v ON v.account_id = c.id AND v.run_id = %(run)s
    LEFT JOIN (
        SELECT s.id, max(timezone(%(zone)s, t.occurred_at)::date) AS last_on
        FROM crm_touchpoint t JOIN seen s ON s.member = t.account_id
        WHERE t.voided_at IS NULL AND t.channel IN {SPOKEN}
            AND t.outcome <> 'no_answer' AND t.occurred_at < %(today_ends_at)s
        GROUP BY s.id
    ) t ON t.id = c.id
    WHERE t.last_on IS NULL OR t.last_on < %(today)s::date - %(days)s::int
    """,
    table=f"{OF_BASE} ORDER BY b.clv DESC NULLS LAST, b.account_id",
    totals="""SELECT count(*) AS customers, coalesce(sum(clv), 0) AS clv,
        count(*) FILTER (WHERE last_on IS NULL) AS never FROM base""",
    say=lambda asked, total: (
        "There is no such customer with whom nobody has spoken for "
        f"{asked.said['days']} days."
        if not total["customers"]
        else f"With {customers(total['customers'])} worth {money(total['clv'])} nobody "
        f"has spoken for {asked.said['days']} days; with {count(total['never'])} of "
        "them never, as far as is written down."
    ),
    draw=Draw("CLV", "account", ("clv",)),
    method=(
        "Spoken: a call, meeting, visit or event in which somebody was reached. A mail "
        "is not a talk."
    ),
)

# -- Key accounts that lack something --------------------------------------------------

LACKING = parameters.choice(
    "lacking",
    "What they lack",
    (
        ("anything", "one of these: plan, owner, buyer, contact"),
        ("plan", "a touch of a plan that is due or was done this quarter"),
        ("owner", "an owner"),
        ("buyer", "a known buyer or decider"),
        ("contact", "a contact person"),
    ),
)
FLAGS = {
    "anything": "(NOT has_plan OR NOT has_owner OR NOT has_buyer OR NOT has_contact)",
    "plan": "NOT has_plan",
    "owner": "NOT has_owner",
    "buyer": "NOT has_buyer",
    "contact": "NOT has_contact",
}


def _lacking_base(asked: Asked) -> str:
    return f"""
    SELECT * FROM (
        SELECT a.id AS account_id, m.worth_class, v.clv,
            a.owner_id IS NOT NULL AS has_owner,
            EXISTS (
                SELECT 1 FROM campaigns_plannedtouch t WHERE t.account_id = a.id AND (
                    t.status = 'due' OR (t.status = 'done'
                        AND t.due_on > %(today)s::date - 92))) AS has_plan,
            EXISTS (
                SELECT 1 FROM crm_contact c JOIN seen s ON s.member = c.account_id
                WHERE s.id = a.id AND (c.left_on IS NULL OR c.left_on > %(today)s)
                    AND c.decision_role IN ('economic_buyer', 'decider')) AS has_buyer,
            EXISTS (
                SELECT 1 FROM crm_contact c JOIN seen s ON s.member = c.account_id
                WHERE s.id = a.id
                    AND (c.left_on IS NULL OR c.left_on > %(today)s)) AS has_contact
        FROM (SELECT DISTINCT id FROM seen) k JOIN crm_account a ON a.id = k.id
        JOIN segments_membership m ON m.account_id = a.id AND {STANDS}
            AND m.worth_class IN ('current_key', 'potential_key')
        LEFT JOIN clv_valuation v ON v.account_id = a.id AND v.run_id = %(run)s
        WHERE a.stage <> 'former'
    ) flagged WHERE {FLAGS[asked.values["lacking"]]}
    """


def _lacking_table(_asked: Asked) -> str:
    return f"""
    SELECT t.*, concat_ws(', ', CASE WHEN NOT has_plan THEN 'plan' END,
        CASE WHEN NOT has_owner THEN 'owner' END,
        CASE WHEN NOT has_buyer THEN 'buyer or decider' END,
        CASE WHEN NOT has_contact THEN 'contact' END) AS lacks,
        CASE worth_class WHEN 'current_key' THEN 'Current key'
            ELSE 'Potential key' END AS class_name
    FROM ({OF_BASE}) t ORDER BY clv DESC NULLS LAST, account_id
    """


def _say_lacking(asked: Asked, total: Row) -> str:
    if not total["keys"]:
        if asked.values["owner"] or not asked.counts_all:
            return "There is no key account among those asked for."
        return "There is no key account yet."
    if not total["customers"]:
        return "Every key account has it."
    return (
        f"{count(total['customers'])} of {counted(total['keys'], 'key account')} "
        f"{'lacks' if total['customers'] == 1 else 'lack'} {asked.said['lacking']}; "
        f"in all {money(total['clv'])} of CLV."
    )


KEY_LACKING = Question(
    key="key-accounts-lacking",
    family=FAMILY,
    words="Which key accounts owned by {owner} lack {lacking}?",
    parameters=(parameters.OWNER, LACKING),
    columns=(
        ACCOUNT,
        Column("class_name", "Class"),
        Column("lacks", "Lacks"),
        Column("clv", "CLV", "money"),
    ),
    base=_lacking_base,
    table=_lacking_table,
    totals=f"""SELECT count(*) AS customers, coalesce(sum(clv), 0) AS clv,
        (SELECT count(DISTINCT m.account_id) FROM segments_membership m
         JOIN seen s ON s.id = m.account_id JOIN crm_account a ON a.id = m.account_id
         WHERE {STANDS} AND a.stage <> 'former'
         AND m.worth_class IN ('current_key', 'potential_key')) AS keys FROM base""",
    say=_say_lacking,
    draw=Draw("CLV", "account", ("clv",)),
    method=(
        "Current and potential key accounts of the day that is asked about; touches, "
        "owner and people are those of today. Who has left is no contact."
    ),
)

QUESTIONS: Sequence[Question] = (FREQUENCY, NOT_SPOKEN, KEY_LACKING)
