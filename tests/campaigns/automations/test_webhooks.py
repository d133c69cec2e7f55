"""Calls to other systems: signed, only where they may go, until they are answered."""

import base64
import datetime as dt
import hashlib
import hmac
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.utils import timezone

from campaigns.errors import CannotSaveWebhookError
from campaigns.models import WebhookCall, WebhookEndpoint
from campaigns.services.automations import webhooks
from common import safe_http
from common.clock import business_today
from common.errors import DomainError
from tests import make
from tests.campaigns.automations.conftest import outcomes, run


class Sink(BaseHTTPRequestHandler):
    """Writes down what comes, and answers what the test says."""

    answers = (200,)
    received = ()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        kind = type(self)
        kind.received = (*kind.received, (dict(self.headers), body))
        status = kind.answers[min(len(kind.received), len(kind.answers)) - 1]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"thanks")

    def log_message(self, *_given):
        return


@pytest.fixture
def sink(settings):
    """A receiver in the own network that may be called."""
    kind = type("OneSink", (Sink,), {})
    server = HTTPServer(("127.0.0.1", 0), kind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    kind.url = f"http://127.0.0.1:{server.server_port}/hook?a=1"
    settings.WEBHOOK_INSIDE_HOSTS = [f"127.0.0.1:{server.server_port}"]
    yield kind
    server.shutdown()
    server.server_close()


@pytest.fixture
def endpoint(administrator, sink):
    return webhooks.create_endpoint(actor=administrator, name="Shop", url=sink.url)


def call_of(endpoint, account=None):
    return webhooks.plan_call(
        endpoint=endpoint,
        account=account or make.account(),
        firing=None,
        payload={"type": "test"},
    )


def make_due(call):
    WebhookCall.objects.filter(pk=call.pk).update(not_before=timezone.now())
    call.refresh_from_db()


def test_a_firing_calls_with_a_signature_that_the_receiver_can_check(
    make_rule, endpoint, sink, rep
):
    rule = make_rule(actions=[{"kind": "webhook", "endpoint": str(endpoint.pk)}])
    account = make.account(name="Berg", owner=rep, external_id="C-1")
    make.order(account=account, on=business_today())
    run(rule)
    assert outcomes(rule) == [("Berg", "fired")]
    assert sink.received == ()  # written down, not sent, with the firing

    assert webhooks.send_due() == 1

    (headers, body), *_ = sink.received
    said = json.loads(body)
    assert said["account"]["external_id"] == "C-1"
    assert said["trigger"]["kind"] == "order_placed"
    assert said["sequence"] == 1
    key = base64.b64decode(endpoint.secret.removeprefix("whsec_"))
    signed = f"{headers['Webhook-Id']}.{headers['Webhook-Timestamp']}.{body}"
    digest = hmac.new(key, signed.encode(), hashlib.sha256).digest()
    assert headers["Webhook-Signature"] == f"v1,{base64.b64encode(digest).decode()}"
    call = WebhookCall.objects.get()
    assert (call.status, call.http_status, call.answer) == ("delivered", 200, "thanks")
    assert webhooks.send_due() == 0


def test_it_is_sent_again_with_the_same_id_until_it_is_taken(endpoint, sink):
    sink.answers = (500, 503, 204)
    call = call_of(endpoint)
    for _ in range(3):
        webhooks.send_due()
        make_due(call)

    assert [headers["Webhook-Id"] for headers, _ in sink.received] == [
        str(call.event_id)
    ] * 3
    assert (call.status, call.attempts) == ("delivered", 3)


def test_waits_grow_and_end_after_three_days(endpoint, sink):
    sink.answers = (500,)
    call = call_of(endpoint)
    waits = []
    for _ in range(3):
        now = timezone.now()
        webhooks.send_due()
        call.refresh_from_db()
        waits.append(round((call.not_before - now).total_seconds(), -1))
        make_due(call)
    assert waits == [10, 20, 40]

    WebhookCall.objects.update(give_up_at=timezone.now())
    webhooks.send_due()
    call.refresh_from_db()
    assert call.status == "given_up"
    assert call.finished_at is not None


def test_a_sender_that_died_leaves_the_message_to_the_next(endpoint, sink):
    call = call_of(endpoint)
    assert webhooks._claim().pk == call.pk
    assert webhooks.send_due() == 0  # somebody holds it

    WebhookCall.objects.update(leased_until=timezone.now() - dt.timedelta(seconds=1))
    assert webhooks.send_due() == 1
    assert len(sink.received) == 1


def test_messages_about_an_account_are_numbered_without_gaps(endpoint):
    account, other = make.account(), make.account()
    numbers = [call_of(endpoint, one).sequence for one in (account, other, account)]

    assert numbers == [1, 1, 2]


def test_sent_again_by_hand_only_when_it_is_over(endpoint, sink, administrator):
    call = call_of(endpoint)
    with pytest.raises(CannotSaveWebhookError):
        webhooks.replay(actor=administrator, call=call)
    webhooks.send_due()
    webhooks.replay(actor=administrator, call=call)
    webhooks.send_due()

    ids = {headers["Webhook-Id"] for headers, _ in sink.received}
    assert (len(sink.received), len(ids)) == (2, 1)


def test_switched_off_nothing_is_sent(endpoint, sink, administrator):
    call_of(endpoint)
    webhooks.change_endpoint(actor=administrator, endpoint=endpoint, is_active=False)

    assert webhooks.send_due() == 0
    assert sink.received == ()


STRICT = safe_http.Rules()


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://0.0.0.0/",
        "https://10.0.0.8/x",
        "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://0177.0.0.1/",
        "https://2130706433/",
        "https://127.1/",
        "https://intranet/",
        "https://hooks.example.com:6379/",
        "https://user:pw@hooks.example.com/",
        "https://h.example.com/#@127.0.0.1",
        "file:///etc/passwd",
        "ftp://hooks.example.com/",
        "gopher://hooks.example.com/",
        "https://hooks.example.com/\r\nX: y",
        "https://hooks。example.com/",
        "https://hooks.example.com\\@127.0.0.1/",
        "",
    ],
)
def test_addresses_that_are_never_called(url):
    with pytest.raises(DomainError):
        safe_http.check_url(url, STRICT)


def test_an_ordinary_address_may_be_entered():
    safe_http.check_url("https://hooks.example.com/in?x=1", STRICT)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["fd00::1"]]
)
def test_a_name_that_stands_for_a_private_address_is_not_called(monkeypatch, addresses):
    """Looked up when it is sent, so a name that moves inside is refused then."""
    found = [(0, 0, 0, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(safe_http.socket, "getaddrinfo", lambda *_, **__: found)

    def never(*_given):
        raise AssertionError("it connected")

    monkeypatch.setattr(safe_http.socket, "create_connection", never)
    with pytest.raises(safe_http.BadAddressError):
        safe_http.post("https://hooks.example.com/", b"{}", {}, rules=STRICT)


def test_a_refused_address_ends_in_the_journal(administrator):
    endpoint = webhooks.create_endpoint(
        actor=administrator, name="Outside", url="https://hooks.example.com/"
    )
    WebhookEndpoint.objects.update(url="https://127.0.0.1/")
    call = call_of(endpoint)
    webhooks.send_due()

    call.refresh_from_db()
    assert (call.status, call.http_status) == ("retry", None)
    assert "not a public one" in call.answer


def test_the_page_enters_a_system_and_says_what_is_wrong(client, administrator):
    client.force_login(administrator)
    bad = client.post("/automations/systems/", {"name": "X", "url": "http://10.0.0.1/"})
    assert bad.status_code == 422
    assert not WebhookEndpoint.objects.exists()

    client.post("/automations/systems/", {"name": "X", "url": "https://x.example.com/"})
    made = WebhookEndpoint.objects.get()
    assert made.secret.startswith("whsec_")
    assert client.get("/automations/systems/").status_code == 200
