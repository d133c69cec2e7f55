"""Takes the pictures of the README from the running demo firm."""

from argparse import ArgumentParser
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaigns.services import demo_firm
from clv.models import Valuation, ValuationRun
from config import browser, env
from crm.choices import Role
from crm.models import User

FOLDER = env.PROJECT / "docs" / "screenshots"
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@dataclass(frozen=True, slots=True)
class Picture:
    """One page as one person sees it."""

    name: str
    email: str
    path: str
    size: dict[str, int]


class Command(BaseCommand):
    help = "Photographs the running demo firm (`make run`) into docs/screenshots."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--address", default=f"http://127.0.0.1:{env.port()}")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from playwright.sync_api import sync_playwright  # noqa: PLC0415
        except ImportError as error:
            raise CommandError(
                "Run `make setup` first: Playwright is missing."
            ) from error
        found = browser.fetch()
        FOLDER.mkdir(parents=True, exist_ok=True)
        # Asked first: Playwright's event loop keeps Django from asking the database.
        pictures, password = _pictures(), demo_firm.password()
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(**browser.launch_options(found))
            for picture in pictures:
                self._take(chromium, options["address"], picture, password)
            chromium.close()

    def _take(
        self, chromium: Any, address: str, picture: Picture, password: str
    ) -> None:
        page = chromium.new_context(viewport=picture.size).new_page()
        page.goto(f"{address}/sign-in/login/")
        page.fill("input[name=login]", picture.email)
        page.fill("input[name=password]", password)
        page.keyboard.press("Enter")
        page.wait_for_load_state("networkidle")
        page.goto(address + picture.path)
        page.wait_for_load_state("networkidle")
        file = FOLDER / f"{picture.name}.png"
        page.screenshot(path=file)
        page.context.close()
        self.stdout.write(str(file.relative_to(env.PROJECT)))


def _pictures() -> list[Picture]:
    run = ValuationRun.objects.current()
    if run is None:
        raise CommandError("There are no values yet. Start the demo firm: `make run`.")
    manager, marketer = _person(Role.MANAGER), _person(Role.MARKETER)
    rep = _person(Role.REP)
    theirs = Valuation.objects.of_run(run).filter(account__owner=rep)
    best = theirs.order_by("-clv").values_list("account_id", flat=True)[0]
    return [
        Picture("value", manager.email, "/value/", WIDE),
        Picture("assumptions", manager.email, "/assumptions/", WIDE),
        Picture(
            "levers", manager.email, "/value/levers/?frequency=5&retention=10", WIDE
        ),
        Picture("question", manager.email, "/questions/who-buys-what/", WIDE),
        Picture("account", rep.email, f"/accounts/{best}/", WIDE),
        Picture("plans", marketer.email, "/plans/", WIDE),
        Picture("optimiser", marketer.email, "/optimiser/", WIDE),
        Picture("deals", rep.email, "/deals/", WIDE),
        Picture("today-phone", rep.email, "/today/", PHONE),
    ]


def _person(role: Role) -> User:
    """Return the first who holds `role`."""
    person = User.objects.filter(groups__name=role).order_by("pk").first()
    if person is None:
        raise CommandError(f"The demo firm has no {role.label}.")
    return person
