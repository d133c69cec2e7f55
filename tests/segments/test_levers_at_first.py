"""Levers before there was a night."""

from django.urls import reverse

URL = reverse("segments:levers")


def test_no_night_says_what_to_do(client, manager):
    client.force_login(manager)
    assert "Nothing is valued yet" in client.get(URL).content.decode()
