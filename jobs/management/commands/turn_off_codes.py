"""``manage.py turn_off_codes``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import User

from jobs.domain.audit import Action, Actor
from jobs.domain.errors import WrongUse
from jobs.management.base import FilesureCommand, who
from jobs.web import second_step
from jobs.web.auditing import recorded


class Command(FilesureCommand):
    """Turns off the login codes of an account, and removes its passkeys."""

    help = "Let an account log in with its password alone, for a user who lost app, backup codes and passkeys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the account's name")

    def handle(self, *, name: str, **_: Any) -> None:
        user = User.objects.filter(username=name).first()
        if user is None:
            raise WrongUse(f"There is no account named {name}.")
        with recorded(Action.TURN_OFF_CODES, Actor(name=who()), name):
            second_step.turn_off(user)
        self.stdout.write(f"{name} now logs in with the password alone.")
