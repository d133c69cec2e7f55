"""No page waits for Redis: work is a row, and a worker finds it."""

import socket
import uuid

import pytest

from clv.models import ValuationRun
from crm.models import Touchpoint
from tests import make

PAGES = ["/today/", "/accounts/", "/value/", "/plans/", "/runs/", "/readyz"]


@pytest.fixture
def no_redis(settings, monkeypatch):
    """Refuse every connection that is not PostgreSQL's, which libpq makes in C."""

    def refuse(self, address):
        raise AssertionError(f"a request connected to {address!r}")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("path", PAGES)
def test_pages_need_no_queue(client, manager, no_redis, path):
    client.force_login(manager)
    assert client.get(path).status_code == 200


def test_a_call_is_logged_and_a_run_asked_for_without_a_queue(
    client, manager, no_redis
):
    account = make.account()
    client.force_login(manager)

    client.post(
        "/log/",
        {
            "line": "call 12m pricing ok",
            "account": account.pk,
            "form_token": str(uuid.uuid4()),
        },
    )
    client.post("/runs/start/")

    assert Touchpoint.objects.get().minutes == 12
    assert ValuationRun.objects.get().status == "queued"
