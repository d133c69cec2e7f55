"""A real Chromium against a live server; every page must be free of errors.

A test here fails when its pages log an error, which is also how a browser reports a
violated content security policy.
"""

import os
import time

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from config import browser, env
from tests import make

# Playwright runs its own event loop in the test's thread.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# A form that was refused answers 422 or 409, which a browser logs as a failed load.
EXPECTED = ("status of 422", "status of 409")
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# A first page may take long on a busy machine; what never comes still fails.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/e2e/" in item.nodeid:
            item.add_marker("e2e")


@pytest.fixture(scope="session")
def base_url():
    """Every test names the live server; the plugin's own fixture warns."""


@pytest.fixture(scope="session")
def browser_type_launch_args(django_db_setup, browser_type_launch_args):
    found = browser.find()
    if found is None and env.inside_ci():
        pytest.fail("no Chromium here; `python -m config.browser` fetches one")
    if found is None:
        pytest.skip("no Chromium here; `python -m config.browser` fetches one")
    return {**browser_type_launch_args, **browser.launch_options(found)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    return {**browser_context_args, "viewport": DESK, "locale": "en-GB"}


@pytest.fixture
def page(page):
    """A page that fails the test when it logged an error or threw.

    `page.expected` may take words of errors that the test brings about itself.
    """
    problems = []
    page.expected = [*EXPECTED]

    def hear(message):
        is_expected = any(words in message.text for words in page.expected)
        if message.type == "error" and not is_expected:
            problems.append(f"{message.text} ({message.location.get('url')})")

    page.on("console", hear)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.set_default_timeout(PATIENCE)
    asked = Asked()
    page.context.on("request", asked.begin)
    page.context.on("requestfinished", asked.end)
    page.context.on("requestfailed", asked.end)
    yield page
    _let_requests_end(page, asked)
    assert problems == []


class Asked:
    """The requests that have no answer yet."""

    def __init__(self):
        self.open = set()

    def begin(self, request):
        self.open.add(request)

    def end(self, request):
        self.open.discard(request)


def _let_requests_end(page, asked):
    """Wait for what the page still asks for: the tables are emptied after the test."""
    end = time.monotonic() + 5
    try:
        while asked.open and time.monotonic() < end:
            page.wait_for_timeout(10)
        page.close()  # so that it asks for nothing more
    except PlaywrightError:
        return  # closed already


@pytest.fixture
def sign_in(page, live_server):
    """Sign a user in on `page`: by a session cookie, or by the form as people do."""

    def act(user, *, by_form=False, then="/"):
        if by_form:
            page.goto(f"{live_server.url}/sign-in/login/?next={then}")
            page.get_by_label("Email").fill(user.email)
            page.get_by_label("Password", exact=True).fill(make.PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(lambda url: "sign-in" not in url)
            return
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        page.context.add_cookies(
            [
                {
                    "name": name,
                    "value": client.cookies[name].value,
                    "url": live_server.url,
                }
            ]
        )

    return act


@pytest.fixture
def stopwatch():
    """Measure seconds: `with stopwatch() as took: …; took()`."""

    class Watch:
        def __enter__(self):
            self.started = time.monotonic()
            return lambda: time.monotonic() - self.started

        def __exit__(self, *_):
            return None

    return Watch
