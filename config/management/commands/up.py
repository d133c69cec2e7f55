from typing import Any

from django.core.management.base import BaseCommand, CommandError

from config.embedded import EmbeddedError
from config.env import BadVariableError
from config.supervisor.start import up


class Command(BaseCommand):
    help = "Run the whole product: embedded servers, web, worker and beat."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            up()
        except (EmbeddedError, BadVariableError) as error:
            raise CommandError(str(error)) from error
