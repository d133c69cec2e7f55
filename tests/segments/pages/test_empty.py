"""What pages about classes say before the first run, and to whom they offer what."""

import pytest
from django.urls import reverse

RUNS = b"To the runs"


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("segments:migration", []),
        ("segments:rule", []),
        ("segments:class_detail", ["general"]),
    ],
)
def test_managers_are_led_to_the_runs_and_reps_are_not(
    client, manager, rep, name, args
):
    address = reverse(name, args=args)
    client.force_login(manager)
    page = client.get(address)
    assert page.status_code == 200
    assert RUNS in page.content

    client.force_login(rep)
    page = client.get(address)
    assert page.status_code == 200
    assert RUNS not in page.content


def test_an_empty_ledger_offers_a_file_to_those_who_may_post(client, manager, rep):
    files = reverse("crm:cost_files")
    client.force_login(manager)
    said = client.get(reverse("crm:ledger_list")).content.decode()
    assert "Load a file" in said
    assert f'class="btn btn-primary" href="{files}"' in said

    client.force_login(rep)
    said = client.get(reverse("crm:ledger_list")).content.decode()
    assert "No costs yet" in said
    assert "Load a file" not in said
    assert "Post what" not in said
    assert f'class="btn btn-primary" href="{reverse("crm:quick_log")}"' in said
