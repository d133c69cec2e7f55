"""Every page of the product: clear to everybody in both themes, and it fits a phone.

The pages are those of the access table, with a record each. Structure, names and
contrast are judged by axe on a desk in the light theme; contrast once more on a phone
in the dark one. `PARTS` splits the walk, so that it can run in several processes and
no test is much longer than all others.
"""

import datetime as dt
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from campaigns.services import plans
from common.clock import business_today
from crm.models import Tag
from tests import make
from tests.architecture import test_matrix as matrix
from tests.e2e.conftest import DESK, PHONE

PARTS = 2
FEWEST_PAGES = 60  # of a part
JUDGING = Path(__file__).with_name("judging.js").read_text()
WITHOUT_A_PAGE = {"home", "crm:service_worker"}  # a redirect, a script
TABS = ("timeline", "people", "products", "use", "events", "goals", "journal")
# The frame is the same on every page, and judged on the first one only.
FRAME = [".c-side", ".c-top", ".c-bottom"]
IS_QUIET = """() => !document.querySelector(
  ".htmx-request, [hx-trigger=load][aria-busy]")"""
# Charts take the new width when the page is drawn next.
TOO_WIDE = """async () => {
  const drawn = () => new Promise((done) => requestAnimationFrame(done));
  await drawn();
  await drawn();
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= width) return "";
  const wide = [...document.querySelectorAll("main *")].find(
    (one) => one.getBoundingClientRect().right > width + 1
      && !one.closest(".c-table-wrap"));
  return `wider than ${width}: ${wide?.outerHTML.slice(0, 160)}`;
}"""


@pytest.fixture
def firm(rep, manager, administrator):
    """One customer with something of everything, others of other classes, a night."""
    today = business_today()
    plans.ensure_plans()
    account = make.account(owner=administrator, name="Kontor Nord", city="Kiel")
    contact = make.contact(account=account, name="Anna Berg", phone="+49 431 1")
    for number, days in enumerate((300, 200, 120, 40)):
        make.order(account=account, on=today - dt.timedelta(days=days))
        one = make.account(owner=rep, name=f"Hafen {number}", acquired_on=today)
        make.order(account=one, on=today - dt.timedelta(days=days))
    prospect = make.account(owner=rep, name="Werft Süd", stage="prospect")
    make.deal(account=prospect, lines=[(2, "100.00", "60.00")])
    make.deal(account=account, stage=2, days=90, lines=[(2, "100.00", None)])
    make.touchpoint(account=account, contact=contact, user=administrator, note="Hello")
    account.tags.add(Tag.objects.create(name="VIP", colour="amber"))
    call_command("nightly", verbosity=0)
    plan = plans.RetentionPlan.objects.get(worth_class="general")
    plans.start_draft(actor=administrator, plan=plan)
    return account


def addresses(account):
    """Yield name and address of every page, with one record of each kind."""
    known = {}
    for line in matrix.LINES:
        is_page = "GET" in line.methods and not line.name.startswith("api:")
        if not is_page or line.name in WITHOUT_A_PAGE or line.kind == "TOKEN":
            continue
        if line.kind not in known:
            known[line.kind] = matrix.arguments(line, account)
        yield line.name, reverse(line.name, kwargs=known[line.kind])
    draft = matrix.MAKERS["CAMPAIGN_TOUCH"](account)
    yield "draft", reverse("campaigns:campaign_detail", args=[draft.pk])
    for tab in TABS:
        yield tab, f"/accounts/{account.pk}/?tab={tab}"


def pages(user, account, part):
    """Return the addresses that answer with a whole page."""
    client = Client()
    client.force_login(user)
    found = {}
    for name, address in sorted(addresses(account))[part::PARTS]:
        answer = client.get(address)
        if answer.status_code == 302 or answer.streaming:
            continue
        assert answer.status_code == 200, (name, address, answer.status_code)
        if answer.content.lstrip()[:9].lower() == b"<!doctype":
            found[name] = address
    return found


@pytest.fixture
def judge(page):
    """Return what axe finds on the page; looks that pass are not asked about again."""
    known = {"light": [], "dark": []}

    def act(theme, *, only_contrast=False, without):
        asked = [theme, only_contrast, without, known[theme]]
        said = page.evaluate(JUDGING, asked)
        known[theme] += said["passed"]
        return [f"{theme}, {one}" for one in said["problems"]]

    return act


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_clear_to_everybody_and_fits_a_phone(
    page, live_server, sign_in, judge, firm, part
):
    page.add_init_script(Axe().axe_script)
    every = pages(firm.owner, firm, part)
    assert len(every) > FEWEST_PAGES
    sign_in(firm.owner)
    problems, without = [], []
    for name, address in every.items():
        # What is not shown need not be laid out anew.
        page.evaluate("document.documentElement.hidden = true")
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.goto(live_server.url + address)
        page.wait_for_function(IS_QUIET)
        said = judge("light", without=without)
        page.set_viewport_size(PHONE)
        said.append(page.evaluate(TOO_WIDE))
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        said += judge("dark", only_contrast=True, without=without)
        problems += [f"{name} {address} {one}" for one in said if one]
        without = FRAME
    assert "\n".join(problems) == ""


WORDS = """<!doctype html><html lang="en" data-bs-theme="light"><title>Words</title>
<style>body {{ background: #fff; color: #222 }} .note {{ color: {note} }}</style>
<main><h1>Orders</h1><p>Paid</p><p class="note">Late</p>
<p style="background: #444">Not on this ground</p></main>"""


def test_looks_that_passed_are_known_and_others_are_found(page, judge):
    page.set_content(WORDS.format(note="#333").replace("#444", "#eee"))
    page.evaluate(Axe().axe_script)
    assert judge("light", only_contrast=True, without=[]) == []

    page.set_content(WORDS.format(note="#ccc"))
    page.evaluate(Axe().axe_script)
    found = judge("light", only_contrast=True, without=[])
    assert [one.split(">")[1] for one in found] == ["Late</p", "Not on this ground</p"]
