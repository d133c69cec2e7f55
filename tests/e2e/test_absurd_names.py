"""Names that nobody would give, and hundreds of people, in dialogs and on a phone."""

import pytest
from playwright.sync_api import expect

from common.clock import business_today
from crm.models import Contact, Task
from tests import make
from tests.e2e.conftest import DESK, PHONE

NAMES = (
    "X" * 200,
    "<script>alert(1)</script><b>bold</b> &amp;",
    "شركة الشمال للتجارة 🎉 חברת הצפון",
)
FORMS = ("edit", "events/new", "tasks/new", "holdings/new", "goals/new", "brief")
THUMB = 44  # pixels
OUTSIDE = """() => {
  const width = document.documentElement.clientWidth;
  const parts = "main button, main .btn, main input, main select, main textarea";
  const cut = [...document.querySelectorAll(parts)].filter((one) => {
    const box = one.getBoundingClientRect();
    const scrolls = one.closest(".c-table-wrap, .u-hidden-visually, [hidden]");
    return box.width && !scrolls && (box.right > width + 1 || box.left < -1);
  });
  const wide = document.documentElement.scrollWidth > width;
  return (wide ? ["the page"] : []).concat(cut.map((one) => one.outerHTML));
}"""


@pytest.fixture
def crowd(rep):
    """One account with people, the first of whom have the absurd names."""
    account = make.account(owner=rep, name=NAMES[0])
    people = [Contact(account=account, name=name[:150]) for name in NAMES]
    people += [Contact(account=account, name=f"Person {n:03d}") for n in range(300)]
    Contact.objects.bulk_create(people)
    return account


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_forms_hold_names_of_any_length_and_script(
    page, live_server, sign_in, rep, crowd, size
):
    accounts = [crowd, *(make.account(owner=rep, name=name) for name in NAMES[1:])]
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    page.set_viewport_size(size)
    sign_in(rep)
    for account in accounts:
        for form in FORMS:
            page.goto(f"{live_server.url}/accounts/{account.pk}/{form}/")
            assert page.evaluate(OUTSIDE) == [], (account.name[:20], form)
            assert "&lt;" not in page.locator("main").inner_text()


def test_one_of_hundreds_of_people_is_found_by_typing(
    page, live_server, sign_in, rep, crowd
):
    page.set_viewport_size(PHONE)
    sign_in(rep)
    page.goto(f"{live_server.url}/accounts/{crowd.pk}/tasks/new/")
    page.get_by_label("What is to be done").fill("Ring")
    field = page.locator(".ts-wrapper", has=page.locator(".ts-control"))
    expect(field).to_have_count(1)
    field.locator(".ts-control").click()
    page.keyboard.type("person 277")
    expect(field.get_by_role("option")).to_have_count(1)
    field.get_by_role("option").click()
    assert page.evaluate(OUTSIDE) == []
    page.locator("main form[method=post] button.btn-primary").click()
    page.wait_for_url(lambda url: not url.endswith("/tasks/new/"))
    assert Task.objects.get().contact.name == "Person 277"


def test_a_product_is_typed_into_the_filter_of_a_list(page, live_server, sign_in, rep):
    buyer, other = make.account(owner=rep, name="Buyer"), make.account(owner=rep)
    chair = make.product(name="Chair <b>oak</b>")
    make.product(name="Table")
    buyer.holdings.create(product=chair, quantity=1, acquired_on=business_today())
    sign_in(rep)
    page.goto(f"{live_server.url}/accounts/")
    page.get_by_text("More filters").click()
    field = page.locator(".ts-wrapper")
    field.locator(".ts-control").click()
    page.keyboard.type("oak", delay=120)  # longer than the list waits for its form
    expect(field.get_by_role("option")).to_have_text(["Chair <b>oak</b>"])
    page.keyboard.press("Enter")
    expect(page.get_by_text(other.name)).to_have_count(0)
    assert f"product={chair.pk}" in page.url
    expect(page.locator(".ts-wrapper .item")).to_have_text("Chair <b>oak</b>")


def test_the_arrows_of_visits_are_as_large_as_a_thumb(page, live_server, sign_in, rep):
    for number in range(3):
        account = make.account(owner=rep, name=f"{number}" + "N" * 150, city="Kiel")
        Task.objects.create(
            account=account,
            owner=rep,
            title="See them",
            due_on=business_today(),
            kind="visit",
        )
    page.set_viewport_size(PHONE)
    sign_in(rep)
    page.goto(f"{live_server.url}/calendar/visits/")
    arrows = page.locator(".p-visit__move a")
    expect(arrows).to_have_count(4)
    name = page.locator(".p-visit__what").nth(1).bounding_box()
    for number in range(4):
        box = arrows.nth(number).bounding_box()
        assert box["width"] >= THUMB
        assert box["height"] >= THUMB
        assert box["x"] >= name["x"] + name["width"]
    # The second visit's two stand beside its name, not under it.
    assert arrows.nth(1).bounding_box()["y"] < name["y"] + name["height"]
    assert page.evaluate(OUTSIDE) == []
