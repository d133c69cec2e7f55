"""How long a rep needs from the key L to a stored contact, in a real browser.

    python -m benchmarks.quicklog --base http://127.0.0.1:8000 --user rita.rep@… \
        --account 602 --rounds 15

Types the line of the specification at the pace of a quick typist on the page of an
account, by three interactions: the key, the line, Enter. Takes the time from the key,
and from Enter, until the card says that it was stored; each is undone at once. The
password comes from the variable PERENNIAL_PASSWORD.
"""

import argparse
import os
import statistics
import time

from playwright.sync_api import Page, sync_playwright

from config import browser

LINE = "call 12m pricing ok +fri send offer"
PAUSE_MS = 90  # between two letters: about 130 words of five letters in a minute


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", default="http://127.0.0.1:8000")
    parser.add_argument("--user", required=True)
    parser.add_argument("--account", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=15)
    said = parser.parse_args()
    found = browser.find()
    if found is None:
        raise SystemExit("no Chromium here; `python -m config.browser` fetches one")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(**browser.launch_options(found))
        page = chromium.new_page(viewport={"width": 1440, "height": 900})
        _sign_in(page, said.base, said.user)
        times = [
            _log(page, f"{said.base}/accounts/{said.account}/")
            for _ in range(said.rounds)
        ]
        chromium.close()
    for title, column in (("key to stored", 0), ("Enter to stored", 1)):
        values = sorted(row[column] for row in times)
        p95 = values[min(len(values) - 1, round(0.95 * len(values)))]
        print(f"{title}: p50 {statistics.median(values):.2f} s, p95 {p95:.2f} s")


def _sign_in(page: Page, base: str, user: str) -> None:
    page.goto(f"{base}/sign-in/login/")
    page.get_by_label("Email").fill(user)
    password = page.get_by_label("Password", exact=True)
    password.fill(os.environ["PERENNIAL_PASSWORD"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "sign-in" not in url)


def _log(page: Page, url: str) -> tuple[float, float]:
    page.goto(url)
    started = time.monotonic()
    page.keyboard.press("l")
    page.keyboard.type(LINE, delay=PAUSE_MS)
    entered = time.monotonic()
    page.keyboard.press("Enter")
    page.locator(".c-toast--card").wait_for()
    stored = time.monotonic()
    page.locator("#toasts [data-undo] button").last.click()
    page.get_by_text("Taken back").wait_for()
    return stored - started, stored - entered


if __name__ == "__main__":
    main()
