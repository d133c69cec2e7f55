"""Every page of the product: clear to everybody in both themes, and it fits a phone.

The pages are those of the access table, with a record each. Structure, names and
contrast are judged by axe on a desk in the light theme; contrast once more on a phone
in the dark one, for every template. `PARTS` splits the walk, so that it can run in
several processes and no test is much longer than all others.
"""

import datetime as dt

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

PARTS = 4
FEWEST_PAGES = 30  # of a part
WITHOUT_A_PAGE = {"home", "crm:service_worker"}  # a redirect, a script
TABS = ("timeline", "people", "products", "use", "events", "goals", "journal")
# The frame is the same on every page, and judged on the first one only.
FRAME = [".c-side", ".c-top", ".c-bottom"]
FOUND = """async ([only, without]) => {
  const options = { resultTypes: ["violations"], preload: false };
  if (only) options.runOnly = only;
  const part = { include: [["html"]], exclude: without.map((one) => [one]) };
  const { violations } = await axe.run(part, options);
  return violations.flatMap((one) =>
    one.nodes.slice(0, 2).map((node) => `${one.id}: ${node.html.slice(0, 160)}`));
}"""
IS_QUIET = """() => !document.querySelector(
  ".htmx-request, [hx-trigger=load][aria-busy]")"""
TOO_WIDE = """() => {
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
    for tab in TABS:
        yield tab, f"/accounts/{account.pk}/?tab={tab}"


def pages(user, account, part):
    """Return the addresses that answer with a whole page, each with its template."""
    client = Client()
    client.force_login(user)
    found = {}
    for name, address in sorted(addresses(account))[part::PARTS]:
        answer = client.get(address)
        if answer.status_code == 302 or answer.streaming:
            continue
        assert answer.status_code == 200, (name, address, answer.status_code)
        if answer.content.lstrip()[:9].lower() == b"<!doctype":
            found[name] = (address, answer.templates[0].name)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_clear_to_everybody_and_fits_a_phone(
    page, live_server, sign_in, administrator, firm, part
):
    judge = Axe().axe_script
    every = pages(administrator, firm, part)
    assert len(every) > FEWEST_PAGES
    sign_in(administrator)
    page.set_default_timeout(30_000)
    problems, without, seen = [], [], set()
    for name, (address, template) in every.items():
        page.goto("about:blank")  # what is not there need not be laid out anew
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.goto(live_server.url + address)
        page.wait_for_function(IS_QUIET)
        page.evaluate(judge)
        said = page.evaluate(FOUND, [None, without])
        page.set_viewport_size(PHONE)
        said.append(page.evaluate(TOO_WIDE))
        if template not in seen:  # the same parts have the same colours
            page.emulate_media(color_scheme="dark", reduced_motion="reduce")
            dark = page.evaluate(FOUND, [["color-contrast"], without])
            said += [f"dark, {one}" for one in dark]
        problems += [f"{name} {address} {one}" for one in said if one]
        without, seen = FRAME, {*seen, template}
    assert "\n".join(problems) == ""
