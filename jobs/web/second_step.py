"""The second step of logging in, after the password: a code or a passkey. Required for accounts that have either."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db import transaction

from jobs.models import Passkey
from jobs.web import login_codes, passkeys


def is_on(user: User) -> bool:
    return login_codes.are_on(user) or passkeys.of(user).exists()


@transaction.atomic
def turn_off(user: User) -> None:
    """Log in with the password alone."""
    passkeys.of(user).delete()
    login_codes.turn_off(user)


@transaction.atomic
def turn_off_codes(user: User) -> None:
    """Keep passkeys, and backup codes for them."""
    if passkeys.of(user).exists():
        login_codes.forget_app(user)
    else:
        login_codes.turn_off(user)


@transaction.atomic
def backup_for_passkeys(user: User) -> list[str]:
    """New backup codes for a user who has none left; otherwise empty."""
    return [] if login_codes.backup_codes_left(user) else login_codes.new_backup_codes(user)


@transaction.atomic
def remove(passkey: Passkey) -> None:
    """Backup codes go with the last passkey, unless there is an app."""
    user = passkey.user
    passkey.delete()
    if not is_on(user):
        login_codes.turn_off(user)
