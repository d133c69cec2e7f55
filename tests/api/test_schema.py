"""The schema is whole, and what it says holds for whatever is sent."""

import datetime as dt

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, Phase, given, settings
from knox.models import AuthToken
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from clv.models import IdealProfile, OfferDecision, ValuationRun
from common.sealing import seal
from config.wsgi import application
from crm.models import (
    AccountMerge,
    Allocation,
    AllocationRule,
    CalendarSubscription,
    Competitor,
    CompetitorPresence,
    Complement,
    DealLossReason,
    DealStage,
    EventType,
    Holding,
    HourlyRate,
    LifecycleStage,
    LifeEvent,
    Mailbox,
    Meeting,
    Notification,
    RelationshipProfile,
    SavedView,
    StatedValue,
    Tag,
    Task,
    TimelineFilter,
    Usage,
    WalletEstimate,
)
from crm.services import allocation_rules
from segments.models import Override
from tests import make
from tests.api.campaign_records import of_campaigns
from tests.architecture.routes import OURS

URL = "/api/v1/schema/"
FUZZING = settings(
    max_examples=5,  # for each of more than a hundred operations, twice
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
CHECKS = [
    not_a_server_error,
    response_schema_conformance,
    content_type_conformance,
    status_code_conformance,
]


def test_the_schema_is_valid_and_complete():
    with GENERATOR_STATS.silence():
        schema = SchemaGenerator().get_schema(public=True)
    validate_schema(schema)
    assert dict(GENERATOR_STATS._warn_cache) == {}
    assert dict(GENERATOR_STATS._error_cache) == {}
    told = {
        (path.replace("{id}", "<int:pk>").replace("{key}", "<slug:key>"), method)
        for path, operations in schema["paths"].items()
        for method in operations
    }
    offered = {
        (f"/{route.path}", method)
        for route in OURS
        for method in set(getattr(route.view, "actions", None) or {}) - {"head"}
    }
    assert told == offered


def test_schema_and_docs_are_for_people_who_are_signed_in(client, rep):
    for path in (URL, "/api/v1/docs/"):
        assert client.get(path).status_code in {302, 401}
    client.force_login(rep)
    assert client.get(URL)["Content-Type"].startswith("application/vnd.oai.openapi")
    docs = client.get("/api/v1/docs/")
    assert docs.status_code == 200
    # The order of the directives differs from process to process.
    policy = [part.strip() for part in docs["Content-Security-Policy"].split(";")]
    assert [part for part in policy if part.startswith("script-src")] == [
        "script-src 'self'"
    ]
    assert b"<script>" not in docs.content


def test_it_is_worked_out_once_and_the_same_for_everybody(
    client, rep, manager, monkeypatch
):
    client.force_login(rep)
    answer = client.get(URL)
    whole = SchemaGenerator().get_schema(public=True)
    assert answer.data == whole

    def refuse(*_):
        raise AssertionError("worked out again")

    with monkeypatch.context() as patched:
        patched.setattr(SchemaGenerator, "parse", refuse)
        client.force_login(manager)
        assert client.get(URL).content == answer.content
        with pytest.raises(AssertionError, match="again"):
            client.get(URL, {"version": "2"})


def test_every_change_names_its_preconditions():
    schema = SchemaGenerator().get_schema(public=True)
    for operations in schema["paths"].values():
        for method, operation in operations.items():
            headers = {
                p["name"]
                for p in operation.get("parameters", [])
                if p["in"] == "header"
            }
            if method == "patch":
                assert "If-Match" in headers
                assert {"412", "428"} <= set(operation["responses"])
            if method == "post":
                assert "Idempotency-Key" in headers
            assert {"400", "401", "403", "404"} <= set(operation["responses"])


# -- Fuzzing -----------------------------------------------------------------


def _rule():
    rule, _ = AllocationRule.objects.get_or_create(
        name="Rent", kind="delivery", driver="orders"
    )
    return rule


def _allocation():
    day = dt.date(2026, 1, 15)
    return Allocation.objects.create(
        version=allocation_rules.version_of(_rule(), actor=None),
        period_start=day,
        period_end=day,
        total=1,
        cost_count=1,
        account_count=1,
    )


@pytest.fixture(scope="module")
def records(shared_rows):
    """One record of each kind, for the calls that name one."""
    with shared_rows():
        return _records(make.user("administrator"))


def _records(administrator):
    account = make.account(owner=administrator)
    kind = EventType.objects.first()
    event = LifeEvent.objects.create(
        account=account, type=kind, occurred_on=dt.date(2026, 1, 15)
    )
    run = make.run()
    make.valuation(run=run, account=account)
    make.membership(account=account)
    return {
        "accounts": account.pk,
        "accuracy": make.judgement(run=run).pk,
        "assumptions": run.assumptions_id,
        "class-rules": make.class_policy().pk,
        "overrides": Override.objects.create(
            account=account,
            worth_class="general",
            reason="For the test",
            expires_on=dt.date(2026, 1, 15),
            author=administrator,
        ).pk,
        "contacts": make.contact(account=account).pk,
        "orders": make.order(account=account).pk,
        "deals": make.deal(account=account).pk,
        "nominations": make.nomination(author=administrator).pk,
        "scenarios": make.scenario(author=account.owner).pk,
        "cases": make.case(account=account).pk,
        "case-entries": make.case(account=account)
        .entries.create(kind="note", text="Called", author=administrator)
        .pk,
        "deal-stages": DealStage.objects.first().pk,
        "deal-loss-reasons": DealLossReason.objects.first().pk,
        # An address that is not asked, so that trying it ends at once.
        "mailboxes": Mailbox.objects.create(
            user=administrator,
            host="10.0.0.1",
            username="ada",
            secret=seal("x"),
            folders=["INBOX"],
            since_on=dt.date(2026, 1, 15),
        ).pk,
        "calendar-subscriptions": CalendarSubscription.objects.create(
            user=administrator, name="Mine", host="10.0.0.1", secret=seal("x")
        ).pk,
        "meetings": Meeting.objects.create(
            user=administrator,
            account=account,
            uid="m",
            starts_at=dt.datetime(2026, 1, 15, 9, tzinfo=dt.UTC),
            ends_at=dt.datetime(2026, 1, 15, 10, tzinfo=dt.UTC),
        ).pk,
        "tasks": Task.objects.create(
            account=account,
            owner=administrator,
            title="Call",
            due_on=dt.date(2026, 1, 15),
        ).pk,
        "products": make.product(sku="A").pk,
        "ledger-entries": make.cost(account=account).pk,
        "allocation-rules": _rule().pk,
        "allocations": _allocation().pk,
        "touchpoints": make.touchpoint(account=account, user=administrator).pk,
        "events": event.pk,
        "event-types": kind.pk,
        "goals": make.goal(account).pk,
        "ideal-profiles": IdealProfile.objects.create(
            version=1, created_by=administrator
        ).pk,
        "hypotheses": make.hypothesis(account).pk,
        "lifecycle-stages": LifecycleStage.objects.first().pk,
        "relationships": RelationshipProfile.objects.first().pk,
        "runs": run.pk,
        "valuations": account.pk,
        **of_campaigns(account, administrator),
        "timeline-filters": TimelineFilter.objects.create(
            user=administrator, name="Mine", query="who=me"
        ).pk,
        **_of_products(account),
        **_of_people(account, administrator),
    }


def _of_products(account):
    day = dt.date(2026, 1, 15)
    holding = Holding.objects.create(
        account=account,
        product=make.product(sku="H", term_months=12),
        quantity=1,
        acquired_on=day,
    )
    competitor = Competitor.objects.create(name="Rival")
    return {
        "holdings": holding.pk,
        "usage": Usage.objects.create(
            holding=holding, metric="pages", month=day.replace(day=1), value=1
        ).pk,
        "stated-values": StatedValue.objects.create(
            account=account, words="Quick", stated_on=day
        ).pk,
        "competitors": competitor.pk,
        "competitor-presences": CompetitorPresence.objects.create(
            account=account, competitor=competitor
        ).pk,
        "wallet-estimates": WalletEstimate.objects.create(
            account=account, category="Paper", estimated_on=day, source="guess"
        ).pk,
        "offers": OfferDecision.objects.create(
            account=account,
            base=make.product(sku="B"),
            offered=make.product(sku="C"),
            kind="complement",
            state="accepted",
            decided_on=day,
        ).pk,
    }


def _of_people(account, user):
    return {
        "account-merges": AccountMerge.objects.create(
            survivor=account, merged=make.account(), made_by=user
        ).pk,
        "notifications": Notification.objects.create(
            user=user, kind="mention", text="Ana mentioned you", url="/today/"
        ).pk,
        "complements": Complement.objects.create(
            from_product=make.product(), to_product=make.product()
        ).pk,
        "hourly-rates": HourlyRate.objects.create(
            user=user, valid_from="2026-01-01", amount=50
        ).pk,
        "tags": Tag.objects.create(name="VIP").pk,
        "saved-views": SavedView.objects.create(
            owner=user, list_key="accounts", name="Mine"
        ).pk,
    }


@pytest.fixture
def kept_connection(db):
    """Keep the test's own connection, with its transaction, between the calls."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def token(shared_rows):
    with shared_rows():
        return AuthToken.objects.create(user=make.user("administrator"))[1]


def _described():
    schema = SchemaGenerator().get_schema(public=True)
    described = schemathesis.openapi.from_dict(schema)
    described.app = application
    for found in described.get_all_operations():
        operation = found.ok()
        yield operation, GenerationMode.POSITIVE
        if _takes_input(operation.definition.raw, schema["components"]["schemas"]):
            yield operation, GenerationMode.NEGATIVE


def _takes_input(raw, schemas):
    """Tell whether a call can be given a wrong input: a header may be any text."""
    content = raw.get("requestBody", {}).get("content", {})
    names = {kind["schema"].get("$ref", "") for kind in content.values()}
    bodies = [schemas.get(name.rpartition("/")[2], {}) for name in names]
    return any(p["in"] != "header" for p in raw.get("parameters", ())) or any(
        body.get("properties") for body in bodies
    )


CALLS = list(_described())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("operation", "mode"),
    CALLS,
    ids=[f"{operation.label} {mode.value}" for operation, mode in CALLS],
)
def test_nothing_that_is_sent_breaks_the_promise(
    operation, mode, token, records, kept_connection
):
    """Half of the calls name records that exist, so that they get beyond 404."""
    headers = {"Authorization": f"Token {token}"}

    @FUZZING
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case):
        _name_records(case, records)
        with transaction.atomic():
            case.call_and_validate(headers=headers, checks=CHECKS)
            transaction.set_rollback(True)

    send()
    assert ValuationRun.objects.count() == 1


def _name_records(case, records):
    collection = case.path.split("/")[3]
    path = case.path_parameters
    if path and isinstance(path.get("id"), int) and path["id"] % 2 == 0:
        path["id"] = records[collection]
    body = case.body
    if isinstance(body, dict) and isinstance(body.get("account"), int):
        body["account"] = records["accounts"]
