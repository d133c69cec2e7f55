from typing import Any

from django.core.management.base import BaseCommand

from campaigns.services import demo_firm


class Command(BaseCommand):
    help = "Print who may sign in to the demo firm, and how."
    requires_system_checks = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        logins = demo_firm.logins()
        if not logins:
            return
        self.stdout.write("Nordlicht Office Supply is a demo firm. Sign in as")
        for login in logins:
            where = f", {login.territory}" if login.territory else ""
            self.stdout.write(f"  {login.email:<34}{login.role:<15}{login.name}{where}")
        if demo_firm.has_changed_password(logins[0]):
            self.stdout.write("with the password that was chosen since.")
        else:
            self.stdout.write(f"with the password: {demo_firm.password()}")
