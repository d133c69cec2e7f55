"""One press does a touch: logged, mailed, posted, or given to a colleague."""

import uuid

import pytest
from django.urls import reverse

from campaigns.choices import DeliveryStatus, TouchStatus
from campaigns.errors import CannotGiveTouchError
from campaigns.models import Delivery, PlannedTouch
from campaigns.services import moving
from campaigns.services.planning import plan_touches
from common.clock import business_today
from crm.models import LedgerEntry, Notification, Touchpoint
from tests import make

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def touch(ready, member, rep):
    """Make a touch of the rep's account: by which channel, with which text."""
    account = member("current_key", owner=rep, phone="+49 30 1")
    plan_touches(as_of=business_today(), horizon_days=92)

    def touch(channel, **terms):
        found = PlannedTouch.objects.due().filter(account=account).first()
        found.owner_role, found.due_on = "rep", business_today()
        found.save()
        template = found.template
        template.channel, template.owner_role = channel, "rep"
        for name, value in terms.items():
            setattr(template, name, value)
        template.save()
        return found

    return touch


@pytest.fixture
def anna(touch, rep):
    account = rep.accounts.get()
    return make.contact(
        account=account, name="Anna Berg", email="anna@example.test", needs="shelves"
    )


def address(name, touch):
    return reverse(f"campaigns:{name}", args=[touch.pk])


def test_the_quick_log_opens_with_the_script_and_does_the_touch(
    client, touch, anna, rep
):
    call = touch("phone", content="Ask about shelves.", minutes=12)
    client.force_login(rep)

    asked = client.get(address("touch_log", call), headers=FRAGMENT).text
    assert "Ask about shelves." in asked
    assert 'value="call 12m Anna Berg "' in asked
    assert f'hx-post="{address("touch_log", call)}"' in asked
    said = {
        "line": "call 7m Anna wants shelves ok",
        "account": call.account_id,
        "form_token": uuid.uuid4(),
    }
    done = client.post(address("touch_log", call), said, headers=FRAGMENT)
    again = client.post(address("touch_log", call), said, headers=FRAGMENT)

    assert (done.status_code, again.status_code) == (200, 200)
    call.refresh_from_db()
    logged = Touchpoint.objects.get()
    assert (call.status, call.touchpoint) == (TouchStatus.DONE, logged)
    assert (logged.minutes, logged.contact, logged.source) == (7, anna, "plan")
    assert f'hx-target="#touch-{call.pk}"' in done.text


def test_nobody_answered_so_the_touch_stays_open(client, touch, anna, rep):
    call = touch("phone")
    client.force_login(rep)
    said = {"line": "call Anna na", "account": call.account_id}

    client.post(
        address("touch_log", call),
        {**said, "form_token": uuid.uuid4()},
        headers=FRAGMENT,
    )

    call.refresh_from_db()
    assert call.status == TouchStatus.DUE
    assert Touchpoint.objects.get().outcome == "no_answer"


def test_the_mail_is_merged_shown_and_queued_once(client, touch, anna, rep):
    mail = touch("email", subject="For {{ account }}", content="Dear {{first_name}}")
    client.force_login(rep)

    shown = client.get(address("touch_mail", mail), headers=FRAGMENT).text
    assert f"For {mail.account.name}" in shown
    assert "Dear Anna" in shown
    said = {"act": "send", "contact": anna.pk, "subject": "Hi", "body": "Dear Anna!"}
    queued = client.post(address("touch_mail", mail), said, headers=FRAGMENT)
    client.post(address("touch_mail", mail), said, headers=FRAGMENT)

    assert "Waiting: Hi, to anna@example.test" in queued.text
    sent = Delivery.objects.get()
    assert (sent.touch, sent.body, sent.status) == (mail, "Dear Anna!", "planned")
    row = f'id="touch-{mail.pk}"'  # another of the account may be due as well
    assert row not in client.get(reverse("campaigns:today")).text
    Delivery.objects.update(status=DeliveryStatus.REJECTED)
    assert row in client.get(reverse("campaigns:today")).text
    client.post(address("touch_mail", mail), said)
    assert set(Delivery.objects.values_list("occasion", flat=True)) == {
        f"touch:{mail.pk}",
        f"touch:{mail.pk}/2",
    }


def test_a_wrong_field_is_told_instead_of_sent(client, touch, anna, rep):
    mail = touch("email", content="Dear {{ frist_name }}")
    client.force_login(rep)

    shown = client.get(address("touch_mail", mail)).text

    assert "Line 1, column 6" in shown
    assert not Delivery.objects.exists()


def test_a_letter_prints_any_name_and_is_posted_once(client, touch, anna, rep):
    post = touch("post", subject="{{ account }}", content="Dear {{ contact }}")
    anna.name = "محمد 山田 Łódź #*_$"
    anna.save()
    client.force_login(rep)

    letter = client.get(address("touch_letter", post))
    assert letter.content.startswith(b"%PDF")
    client.post(address("touch_posted", post))
    client.post(address("touch_posted", post))

    post.refresh_from_db()
    assert (post.status, post.touchpoint.contact) == (TouchStatus.DONE, anna)
    charged = LedgerEntry.objects.filter(source="plan").count()
    assert charged == (1 if post.template.unit_cost else 0)


def test_who_refused_letters_gets_none(client, touch, anna, rep):
    post = touch("post", content="Dear you")
    anna.do_not_contact = True
    anna.save()
    client.force_login(rep)

    client.post(address("touch_posted", post))

    post.refresh_from_db()
    assert post.status == TouchStatus.DUE
    assert not Touchpoint.objects.exists()


def test_a_touch_given_to_a_colleague_is_in_their_today(client, touch, rep, colleague):
    call = touch("phone")
    client.force_login(rep)
    client.post(address("touch_give", call), {"to": colleague.pk, "reason": "Ill"})

    call.refresh_from_db()
    assert (call.assigned_to, call.reason) == (colleague, "Ill")
    assert address("touch_log", call) not in client.get(reverse("campaigns:today")).text
    assert Notification.objects.get(user=colleague).kind == "task"
    client.force_login(colleague)
    page = client.get(reverse("campaigns:today")).text
    assert address("touch_log", call) in page
    assert reverse("crm:account_detail", args=[call.account_id]) not in page
    said = {"line": "call 5m ok", "account": call.account_id}
    client.post(address("touch_log", call), {**said, "form_token": uuid.uuid4()})
    call.refresh_from_db()
    assert (call.status, call.closed_by) == (TouchStatus.DONE, colleague)


def test_nobody_gets_a_touch_who_left(touch, rep, colleague):
    call = touch("phone")
    colleague.is_active = False
    colleague.save()

    with pytest.raises(CannotGiveTouchError):
        moving.give_touch(actor=rep, touch=call, to=colleague)

    call.refresh_from_db()
    assert call.assigned_to is None


@pytest.mark.parametrize(
    "name", ["touch_log", "touch_mail", "touch_give", "touch_letter"]
)
def test_a_colleagues_touch_is_not_there(client, touch, colleague, name):
    client.force_login(colleague)

    assert client.get(address(name, touch("phone"))).status_code == 404
