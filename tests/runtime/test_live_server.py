"""The server that browser tests talk to."""

import http.client
from urllib.parse import urlsplit


def test_it_serves_pages_and_no_file_of_the_project(live_server):
    connection = http.client.HTTPConnection(urlsplit(live_server.url).netloc)
    try:
        connection.request("GET", "/manage.py")
        answer = connection.getresponse()
        text = answer.read().decode()
    finally:
        connection.close()

    # Like every address where nobody has an account yet.
    assert (answer.status, answer.headers["Location"]) == (302, "/setup/")
    assert "django.core.management" not in text
