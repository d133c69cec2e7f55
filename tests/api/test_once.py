"""A repeated call with an Idempotency-Key acts once."""

import datetime as dt
import threading

import pytest
from django.db import connection
from django.utils import timezone

from common.models import AnsweredCall
from crm.models import Account
from tests import make
from tests.api.conftest import Caller

URL = "/api/v1/accounts/"
KEY = {"Idempotency-Key": "4f2a-1"}


def test_a_repeat_gets_the_first_answer(api, rep):
    first = api(rep).post(URL, {"name": "A"}, headers=KEY)
    again = api(rep).post(URL, {"name": "A"}, headers=KEY)
    assert first.status_code == again.status_code == 201
    assert (again.json(), again["ETag"]) == (first.json(), first["ETag"])
    assert Account.objects.count() == 1


def test_another_body_under_the_same_key_is_refused(api, rep):
    api(rep).post(URL, {"name": "A"}, headers=KEY)
    answer = api(rep).post(URL, {"name": "B"}, headers=KEY)
    assert (answer.status_code, answer.json()["code"]) == (422, "key_reused")
    assert Account.objects.get().name == "A"


def test_keys_belong_to_caller_and_route(api, rep, colleague):
    assert api(rep).post(URL, {"name": "A"}, headers=KEY).status_code == 201
    assert api(colleague).post(URL, {"name": "A"}, headers=KEY).status_code == 201
    account = Account.objects.filter(owner=rep).get()
    body = {"name": "Anna", "account": account.pk}
    assert api(rep).post("/api/v1/contacts/", body, headers=KEY).status_code == 201
    assert Account.objects.count() == 2


def test_a_refused_call_keeps_no_key(api, rep):
    assert api(rep).post(URL, {"name": ""}, headers=KEY).status_code == 400
    assert AnsweredCall.objects.exists() is False
    assert api(rep).post(URL, {"name": "A"}, headers=KEY).status_code == 201


def test_answers_are_kept_for_seven_days(api, rep):
    api(rep).post(URL, {"name": "A"}, headers=KEY)
    old = timezone.now() - dt.timedelta(days=8)
    AnsweredCall.objects.update(created_at=old)
    api(rep).post(URL, {"name": "B"}, headers={"Idempotency-Key": "other"})
    assert AnsweredCall.objects.get().key == "other"


@pytest.mark.parametrize("key", ["", "x" * 200, "ä", "a\tb"])
def test_impossible_keys(api, rep, key):
    answer = api(rep).post(URL, {"name": "A"}, headers={"Idempotency-Key": key})
    assert (answer.status_code, list(answer.json())) == (400, ["Idempotency-Key"])
    assert Account.objects.exists() is False


@pytest.mark.django_db(transaction=True)
def test_repeats_at_the_same_moment_act_once():
    person = make.user("rep")
    answers = []

    def call():
        client = Caller(raise_request_exception=False)
        client.force_authenticate(person)
        answers.append(client.post(URL, {"name": "A"}, headers=KEY))
        connection.close()

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Account.objects.count() == 1
