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

    assert answer.status == 302  # like every address that a stranger asks for
    assert answer.headers["Location"] == "/sign-in/login/?next=/manage.py"
    assert "django.core.management" not in text
