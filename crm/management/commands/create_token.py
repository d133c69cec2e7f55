"""Make an API token for one person."""

import datetime as dt
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import DomainError
from crm.models import User
from crm.services import tokens

DAYS = 365
MOST_DAYS = 3650


class Command(BaseCommand):
    help = "Prints a new API token once; send it as 'Authorization: Token ...'."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="whose rights the token has")
        parser.add_argument(
            "--days", type=int, default=DAYS, help="how long it opens, default 365"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        days, email = options["days"], options["email"]
        if not 1 <= days <= MOST_DAYS:
            raise CommandError(f"--days goes from 1 to {MOST_DAYS}.")
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"Nobody signs in as {email}.")
        try:
            token = tokens.create_token(user=user, lifetime=dt.timedelta(days=days))
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(token)
        self.stderr.write(f"Acts as {user.email} for {days} days. It is shown once.")
