"""The pages about runs: what they tell, who may open them, and what the button does."""

import pytest
from django.urls import reverse
from django.utils import timezone

from clv.choices import RunStatus
from clv.models import Assumptions, RunStep, ValuationRun
from clv.services import leases, runs
from config import night
from tests import make
from tests.clv.night import firm

LIST = reverse("clv:run_list")
START = reverse("clv:run_start")
PLAIN = {"headers": {"HX-Request": "true"}}


def detail(run):
    return reverse("clv:run_detail", args=[run.pk])


def status(run):
    return reverse("clv:run_status", args=[run.pk])


@pytest.fixture
def valued(manager):
    firm.build(30)
    run = runs.request_run(actor=manager, as_of=firm.TODAY)
    # The lease is kept by hand: a heartbeat cannot see what is not committed.
    night.execute(run.pk)
    run.refresh_from_db()
    return run


def old_run(**fields):
    return ValuationRun.objects.create(
        **{
            "as_of": "2026-01-01",
            "kind": "nightly",
            "status": "failed",
            "failure": "The disk was full.",
            "assumptions": Assumptions.objects.current(),
        }
        | fields
    )


def test_without_a_run_the_page_says_what_to_do(client, manager):
    client.force_login(manager)

    page = client.get(LIST)

    assert page.status_code == 200
    assert b"No run yet" in page.content
    assert b"Value now" in page.content


def test_a_valued_run_tells_steps_coverage_and_model(client, manager, valued):
    client.force_login(manager)

    text = client.get(detail(valued)).content.decode()

    for piece in (
        "Summarise",
        "Classify",
        "35",
        "of 35 present",
        "BG/NBD",
        "first run",
    ):
        assert piece in text
    assert "hx-trigger" not in client.get(status(valued)).content.decode()
    assert "Shown now" in client.get(LIST).content.decode()


def test_the_weekly_self_check_is_told(client, manager):
    run = make.run()
    step = RunStep.objects.create(
        run=run,
        name="summarise",
        position=0,
        started_at=timezone.now(),
        finished_at=timezone.now(),
        detail={"self_check": {"accounts": 12, "differing": 0, "differences": []}},
    )
    client.force_login(manager)
    same = client.get(detail(run)).content.decode()
    assert "all sums of 12 accounts were worked out anew and are the same" in same

    told = {"accounts": 12, "differing": 1, "differences": ["Ann Ltd: revenue 5 <b>"]}
    step.detail = {"self_check": told}
    step.save()
    found = client.get(detail(run)).content.decode()
    assert "the kept sums of 1 of 12 accounts were not what their rows say" in found
    assert "Ann Ltd: revenue 5 &lt;b&gt;" in found


def test_a_failure_shows_its_reason(client, manager):
    client.force_login(manager)

    assert b"The disk was full." in client.get(detail(old_run())).content


def test_the_status_asks_again_until_the_run_is_closed(client, manager):
    client.force_login(manager)
    run = runs.request_run(actor=manager)

    waiting = client.get(status(run)).content.decode()
    lease = leases.claim(run.pk)
    working = client.get(status(run)).content.decode()
    leases.fail(lease, "Something broke.")
    closed = client.get(status(run)).content.decode()

    assert 'hx-trigger="every 1s"' in waiting
    assert "Waiting for a worker" in waiting
    assert 'hx-trigger="every 1s"' in working
    assert "hx-trigger" not in closed
    assert "Something broke." in closed
    assert "<html" not in closed


def test_value_now_only_queues(client, manager):
    client.force_login(manager)

    answer = client.post(START)
    client.post(START)

    run = ValuationRun.objects.get()
    assert answer.url == detail(run)
    assert (run.status, run.requested_by) == (RunStatus.QUEUED, manager)


def test_repeating_queues_a_rerun(client, manager, valued):
    client.force_login(manager)

    answer = client.post(reverse("clv:run_repeat", args=[valued.pk]))

    rerun = valued.reruns.get()
    assert answer.url == detail(rerun)
    assert b"Repeats" in client.get(detail(rerun)).content
    failed = old_run()
    assert client.post(reverse("clv:run_repeat", args=[failed.pk])).status_code == 404


@pytest.mark.parametrize("who", ["rep", "marketer"])
def test_only_who_may_start_can_start(client, db, request, who):
    client.force_login(request.getfixturevalue(who))

    assert client.post(START).status_code == 403
    assert not ValuationRun.objects.exists()
    page = client.get(LIST)
    assert page.status_code == (403 if who == "rep" else 200)
    assert b"Value now</button>" not in page.content


def test_a_rep_sees_no_run(client, rep):
    run = old_run()
    client.force_login(rep)

    for url in (LIST, detail(run), status(run)):
        assert client.get(url).status_code == 403


def test_get_starts_nothing(client, manager):
    client.force_login(manager)

    assert client.get(START).status_code == 405


def test_the_list_is_flat_and_pages(client, manager, assert_flat_queries):
    client.force_login(manager)

    def add_rows():
        for number in range(40):
            old_run(as_of=f"2025-01-{1 + number % 28:02}", requested_by=manager)

    assert_flat_queries(lambda: client.get(LIST), add_rows)
    page = client.get(LIST, **PLAIN)
    assert b"<html" not in page.content
    assert b"Next" in page.content


def test_pages_do_not_write(client, manager, valued, read_only):
    client.force_login(manager)

    with read_only():
        for url in (LIST, detail(valued), status(valued)):
            assert client.get(url).status_code == 200
