"""Somebody who asks for many addresses."""

from django.test import Client


class Caller:
    """A browser that forgets what an answer told it to keep: each call is the first."""

    def __init__(self, user=None):
        self.client = Client(raise_request_exception=False)
        if user:
            self.client.force_login(user)
        self.kept = {name: one.value for name, one in self.client.cookies.items()}

    def ask(self, method, url, **data):
        self.client.cookies.clear()
        self.client.cookies.load(self.kept)
        return getattr(self.client, method.lower())(url, **data)
