"""One's own API tokens: made and shown once, ended, read only, and not too often."""

import datetime as dt
import re

import pytest
from django.core.cache import caches
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from crm.errors import CannotSaveUserError
from crm.models import AuditEvent, Task, TokenTerms, TokenUse
from crm.services import tokens
from tests import make

pytestmark = pytest.mark.django_db
PAGE = "/me/tokens/"
ACCOUNTS = "/api/v1/accounts/"
READ = {"name": "Report", "may_write": "no", "days": "30"}
STORE = {
    "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
    "LOCATION": "calls",
}


def caller(token):
    return APIClient(headers={"Authorization": f"Token {token}"})


def shown(answer):
    found = re.search(r'id="token" type="text" value="(\w+)"', answer.text)
    return found[1] if found else None


@pytest.fixture
def desk(client, rep):
    client.force_login(rep)
    return client


@pytest.fixture
def counted(settings):
    """Count calls as the product does: at most three a minute here."""
    settings.API_CALLS_A_MINUTE = 3
    settings.CACHES = settings.CACHES | {"answers": STORE}
    caches["answers"].clear()


def test_a_token_is_shown_once_and_opens_until_it_is_ended(desk, rep):
    made = desk.post(PAGE, READ)
    token = shown(made)
    assert "no-store" in made["Cache-Control"]
    assert caller(token).get(ACCOUNTS).status_code == 200
    listed = desk.get(PAGE)
    assert shown(listed) is None
    assert token not in listed.text
    stored = AuthToken.objects.get()
    assert (stored.user, stored.terms.name) == (rep, "Report")
    assert (stored.expiry - stored.created).days in {29, 30}

    ended = desk.post(f"{PAGE}{stored.token_key}/end/", follow=True)

    assert "The token is ended." in ended.text
    assert caller(token).get(ACCOUNTS).status_code == 401
    assert not TokenTerms.objects.exists()
    actions = AuditEvent.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["user.token_created", "user.token_ended"]


def test_a_token_that_may_only_read_changes_nothing(desk, rep):
    account = make.account(owner=rep)
    task = {"account": account.pk, "title": "Ring", "due_on": "2030-01-01"}
    reading = caller(shown(desk.post(PAGE, READ)))
    refused = reading.post("/api/v1/tasks/", task, format="json")
    assert refused.status_code == 403
    assert refused.json()["detail"] == (
        "This token may only read. Make one that may write."
    )
    assert not Task.objects.exists()
    assert reading.get("/api/v1/tasks/").status_code == 200

    more = READ | {"name": "Phone", "may_write": "yes"}
    writing = caller(shown(desk.post(PAGE, more)))
    made = writing.post("/api/v1/tasks/", task, format="json")
    assert made.status_code == 201, made.content
    assert Task.objects.get().title == "Ring"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "report"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"days": "0"}, "days"),
        ({"days": "3651"}, "days"),
        ({"may_write": "all"}, "may_write"),
    ],
)
def test_a_token_that_cannot_be_is_refused(desk, rep, wrong, field):
    tokens.create_own_token(actor=rep, name="Report", may_write=False, days=1)
    answer = desk.post(PAGE, {"name": "Other", "may_write": "no", "days": "9"} | wrong)
    assert (answer.status_code, shown(answer)) == (422, None)
    assert list(answer.context["form"].errors) == [field]
    assert AuthToken.objects.count() == 1


def test_nobody_has_tokens_without_end(rep):
    for number in range(tokens.MOST_TOKENS):
        tokens.create_own_token(actor=rep, name=f"{number}", may_write=False, days=1)
    with pytest.raises(CannotSaveUserError):
        tokens.create_own_token(actor=rep, name="One more", may_write=False, days=1)
    assert AuthToken.objects.count() == TokenTerms.objects.count() == tokens.MOST_TOKENS


def test_tokens_of_others_are_neither_seen_nor_ended(desk, colleague):
    tokens.create_own_token(actor=colleague, name="Theirs", may_write=True, days=1)
    key = AuthToken.objects.get().token_key
    assert "Theirs" not in desk.get(PAGE).text
    assert desk.post(f"{PAGE}{key}/end/").status_code == 404
    assert AuthToken.objects.count() == 1
    desk.logout()
    assert desk.get(PAGE).status_code == 302


def test_a_token_of_the_command_is_listed_and_ended_too(desk, rep, read_only):
    AuthToken.objects.create(user=rep)
    with read_only():
        listed = desk.get(PAGE).text
    assert "Made by the command" in listed
    assert "read and write" in listed
    desk.post(f"{PAGE}{AuthToken.objects.get().token_key}/end/")
    assert not AuthToken.objects.exists()


def test_a_token_that_calls_too_often_is_told_when_to_come_again(rep, counted):
    first, other = (
        caller(tokens.create_own_token(actor=rep, name=n, may_write=False, days=1))
        for n in ("One", "Two")
    )
    assert [first.get(ACCOUNTS).status_code for _ in range(3)] == [200, 200, 200]
    refused = first.get(ACCOUNTS)
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert refused.json()["code"] == "throttled"
    assert "A token may call 3 times a minute" in refused.json()["detail"]
    assert other.get(ACCOUNTS).status_code == 200


def test_people_are_not_counted_and_a_lost_store_stops_nobody(
    desk, rep, counted, settings
):
    assert {desk.get(ACCOUNTS).status_code for _ in range(5)} == {200}
    gone = {"BACKEND": "django.core.cache.backends.redis.RedisCache"}
    gone |= {"LOCATION": "redis://127.0.0.1:1", "OPTIONS": {"socket_timeout": 1}}
    settings.CACHES = settings.CACHES | {"answers": gone}
    program = caller(
        tokens.create_own_token(actor=rep, name="One", may_write=False, days=1)
    )
    assert {program.get(ACCOUNTS).status_code for _ in range(5)} == {200}


def test_a_token_says_when_it_was_last_used(desk, rep):
    token = tokens.create_own_token(actor=rep, name="One", may_write=False, days=1)
    tokens.create_own_token(actor=rep, name="Two", may_write=False, days=1)
    assert desk.get(PAGE).text.count("Never used") == 2
    assert caller(token[:-1] + "!").get(ACCOUNTS).status_code == 401
    assert not TokenUse.objects.exists()

    before = timezone.now()
    assert caller(token).get(ACCOUNTS).status_code == 200

    use = TokenUse.objects.get()
    assert use.token.terms.name == "One"
    assert before <= use.used_at <= timezone.now()
    listed = desk.get(PAGE).text
    assert listed.count("Never used") == 1
    assert f"{timezone.localtime(use.used_at):%H:%M}" in listed


def test_the_use_of_a_token_is_written_once_a_minute(rep, django_assert_num_queries):
    tokens.create_own_token(actor=rep, name="One", may_write=False, days=1)
    token, first = AuthToken.objects.get(), timezone.now()
    tokens.note_use(token=token, now=first)
    with django_assert_num_queries(1):  # it looks, and writes nothing
        tokens.note_use(token=token, now=first + dt.timedelta(seconds=59))
    assert TokenUse.objects.get().used_at == first
    later = first + dt.timedelta(seconds=60)
    tokens.note_use(token=token, now=later)
    assert TokenUse.objects.get().used_at == later
    tokens.end_token(actor=rep, token=token)
    assert not TokenUse.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_token_that_was_ended_at_the_same_moment_is_not_noted(rep):
    tokens.create_own_token(actor=rep, name="One", may_write=False, days=1)
    token = AuthToken.objects.get()
    AuthToken.objects.all().delete()
    tokens.note_use(token=token)
    assert not TokenUse.objects.exists()
