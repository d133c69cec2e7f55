"""What a test that commits leaves behind is gone, and what migrations made is there."""

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from crm.choices import Role
from crm.models import Account, EventType
from tests import kept_rows, make


@pytest.mark.django_db(transaction=True)
def test_the_database_is_left_as_migrations_made_it():
    groups = set(Group.objects.values_list("pk", "name"))
    event_types = list(EventType.objects.order_by("pk").values())
    assert groups
    assert event_types
    make.order(account=make.account(), on="2026-01-10")
    make.user(Role.REP)
    Group.objects.filter(name=Role.MANAGER).delete()
    EventType.objects.update(name="Other")

    kept_rows.bring_back()

    assert set(Group.objects.values_list("pk", "name")) == groups
    assert list(EventType.objects.order_by("pk").values()) == event_types
    assert not Account.objects.exists()
    with connection.cursor() as cursor:  # and triggers count again
        cursor.execute("SHOW session_replication_role")
        assert cursor.fetchone() == ("origin",)
