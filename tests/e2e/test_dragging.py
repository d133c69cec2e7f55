"""What is dragged moves at once, says so, and comes back by one press."""

import datetime as dt

from playwright.sync_api import expect

from common.clock import business_today
from common.templatetags.display import day
from crm.models import DealStage, Task
from tests import make


def drag(page, one, place):
    """Drag as a hand does: press, move in steps, let go."""
    start, end = one.bounding_box(), place.bounding_box()
    page.mouse.move(start["x"] + 12, start["y"] + start["height"] - 6)
    page.mouse.down()
    page.mouse.move(end["x"] + 40, end["y"] + 24, steps=8)
    page.mouse.move(end["x"] + 44, end["y"] + 28, steps=3)
    page.mouse.up()


def test_a_deal_is_dragged_to_another_stage_and_back(page, live_server, sign_in, rep):
    first, second = DealStage.objects.order_by("position")[:2]
    deal = make.deal(account=make.account(owner=rep), title="Ten chairs", owner=rep)
    make.deal(account=make.account(owner=rep), stage=2, title="Desks", owner=rep)
    sign_in(rep)
    page.goto(f"{live_server.url}/deals/")
    card = page.locator(f"#deal-{deal.pk}")

    drag(page, card, page.locator(f"#stage-{second.pk}"))

    expect(page.locator("#toasts")).to_contain_text(f"now in {second.name}")
    expect(page.locator(f"#stage-{second.pk} #deal-{deal.pk}")).to_be_visible()
    deal.refresh_from_db()
    assert deal.stage == second
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator(f"#stage-{first.pk} #deal-{deal.pk}")).to_be_visible()
    deal.refresh_from_db()
    assert deal.stage == first


def test_a_task_is_dragged_to_another_day_and_back(page, live_server, sign_in, rep):
    # The week after this one lies wholly ahead, whatever day today is.
    today = business_today()
    monday = today + dt.timedelta(days=7 - today.weekday())
    task = Task.objects.create(
        account=make.account(owner=rep), owner=rep, title="Offer", due_on=monday
    )
    sign_in(rep)
    page.goto(f"{live_server.url}/calendar/?view=week&on={monday}")
    wednesday = monday + dt.timedelta(days=2)
    to = page.locator(f"[data-calendar-day='{wednesday}']")

    drag(page, page.locator(f"#task-{task.pk}"), to)

    expect(page.locator("#toasts")).to_contain_text(f"Moved to {day(wednesday)}.")
    expect(to.locator(f"#task-{task.pk}")).to_be_visible()
    task.refresh_from_db()
    assert task.due_on == wednesday
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    back = page.locator(f"[data-calendar-day='{monday}'] #task-{task.pk}")
    expect(back).to_be_visible()
    task.refresh_from_db()
    assert task.due_on == monday
