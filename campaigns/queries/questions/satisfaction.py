"""Questions about how satisfied customers are."""

from campaigns.queries.questions import parameters
from campaigns.queries.questions.base import SMALL, Asked, Column, Draw, Question, Row
from campaigns.queries.questions.buying import ACCOUNT, OF_BASE, customers
from campaigns.queries.questions.keeping import FAMILY
from common.templatetags.display import number


def _say_rated(asked: Asked, total: Row) -> str:
    if not total["customers"]:
        return "Nobody rated a contact with such customers in this time."
    return (
        f"{customers(total['customers'])} rated {number(total['mean'])} of 5 on "
        "average; "
        f"weakest is {_weakest(total)}."
    )


def _weakest(total: Row) -> str:
    rated = {
        name: total[key]
        for key, name in (
            ("people", "how people were"),
            ("information", "the information"),
            ("deliverables", "what was delivered"),
        )
        if total[key] is not None
    }
    name = min(rated, key=lambda one: rated[one])
    return f"{name}, {number(rated[name])}"


RATED = """(coalesce(rating_people, 0) + coalesce(rating_information, 0)
    + coalesce(rating_deliverables, 0))::float / nullif(num_nonnulls(rating_people,
    rating_information, rating_deliverables), 0)"""

SATISFACTION = Question(
    key="satisfaction",
    family=FAMILY,
    words=(
        "How satisfied are customers of {worth_class}, owned by {owner}, by ratings "
        "from {since} to {until}?"
    ),
    parameters=(parameters.KEY_CLASS, parameters.OWNER, *parameters.period()),
    columns=(
        ACCOUNT,
        Column("mean", "On average", "number"),
        Column("people", "People", "number"),
        Column("information", "Information", "number"),
        Column("deliverables", "Deliverables", "number"),
        Column("ratings", "Ratings", "count"),
        Column("worst", "Worst", "number"),
        Column("clv", "CLV", "money"),
    ),
    base=f"""
    SELECT r.*, v.clv FROM (
        SELECT s.id AS account_id, count(*) AS ratings, avg({RATED})::float AS mean,
            min({RATED}) AS worst, avg(rating_people)::float AS people,
            avg(rating_information)::float AS information,
            avg(rating_deliverables)::float AS deliverables
        FROM crm_touchpoint t JOIN seen s ON s.member = t.account_id
        WHERE t.voided_at IS NULL AND t.occurred_at >= %(starts_at)s
            AND t.occurred_at < %(ends_at)s
            AND num_nonnulls(rating_people, rating_information,
                rating_deliverables) > 0
        GROUP BY s.id
    ) r LEFT JOIN clv_valuation v ON v.account_id = r.account_id
        AND v.run_id = %(run)s
    """,
    table=f"{OF_BASE} ORDER BY b.mean, b.clv DESC NULLS LAST, b.account_id",
    totals="""SELECT count(*) AS customers, avg(mean)::float AS mean,
        avg(people)::float AS people, avg(information)::float AS information,
        avg(deliverables)::float AS deliverables, coalesce(sum(ratings), 0) AS ratings
        FROM base""",
    say=_say_rated,
    draw=Draw(
        title="Customers by rating",
        label="range",
        series=("customers",),
        x_title="Rating",
        sql="""
        SELECT n::text AS range, count(b.account_id) AS customers
        FROM generate_series(1, 5) AS n LEFT JOIN base b ON round(b.mean) = n
        GROUP BY n ORDER BY n
        """,
    ),
    notes=lambda asked, total: (
        (f"Only {total['ratings']} ratings: too few to read much into it.",)
        if 0 < total["ratings"] < SMALL
        else ()
    ),
    method=(
        "Ratings of people, information and deliverables that were noted at "
        "contacts, 1 "
        "to 5. Each customer counts once, by their own average."
    ),
)

QUESTIONS = (SATISFACTION,)
