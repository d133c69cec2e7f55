"""Callers of the API."""

import pytest
from rest_framework.test import APIClient

from tests import make

ROOT = "/api/v1"


class Caller(APIClient):
    default_format = "json"


@pytest.fixture
def api():
    """Return a client that calls as `user`, or as nobody."""

    def sign_in(user=None):
        client = Caller(raise_request_exception=False)
        client.force_authenticate(user)
        return client

    return sign_in


@pytest.fixture
def own(rep):
    return make.account(owner=rep, name="Own GmbH")


@pytest.fixture
def foreign(colleague):
    return make.account(owner=colleague, name="Foreign GmbH")


@pytest.fixture
def everybody(rep, colleague, manager, marketer, administrator):
    return {
        "rep": rep,
        "colleague": colleague,
        "manager": manager,
        "marketer": marketer,
        "administrator": administrator,
    }
