"""Log one mail that a mail server pipes in."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import DomainError
from crm.models import User
from crm.services import captures


class Command(BaseCommand):
    help = (
        "Reads a mail from standard input and logs it; the door of a drop address. "
        "Fails where nobody in it is known, so that the mail server returns it."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="whose rights it has; sees every account")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError(f"Nobody signs in as {options['email']}.")
        try:
            row = captures.capture_mail(actor=user, message=sys.stdin.buffer.read())
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Logged with {row.account}.")
