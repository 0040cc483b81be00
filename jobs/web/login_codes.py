"""Codes of an authenticator app as a second step of logging in, with backup codes. The library is django-otp.

Each function that checks a code is one transaction of SQLite, which runs one writing transaction at a time, so no code
works twice.
"""

from __future__ import annotations

from base64 import b32encode
from datetime import datetime
from enum import Enum

import segno
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

BACKUP_CODES = 10
_APP_DIGITS = 6
_APP, _BACKUP = "app", "backup"


class Verdict(Enum):
    """``LOCKED``: not checked, because of the wrong codes before."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"


def are_on(user: User) -> bool:
    return bool(TOTPDevice.objects.filter(user=user, confirmed=True).exists())


def backup_codes_left(user: User) -> int:
    return int(StaticToken.objects.filter(device__user=user, device__confirmed=True).count())


@transaction.atomic
def prepared(user: User) -> TOTPDevice:
    """The key that the user is about to add to the app; the same until it is confirmed."""
    return TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": _APP})[0]


def picture(device: TOTPDevice) -> str:
    """The QR code as a data URI."""
    return str(segno.make(device.config_url, micro=False).svg_data_uri(scale=5, dark="#000", light="#fff"))


def key_of(device: TOTPDevice) -> str:
    """The key for typing, in groups of four."""
    key = b32encode(device.bin_key).decode()
    return " ".join(key[start : start + 4] for start in range(0, len(key), 4))


@transaction.atomic
def turn_on(user: User, code: str) -> list[str] | None:
    """Confirm the prepared key with a code of the app. Returns new backup codes; None if the code is wrong."""
    device = TOTPDevice.objects.filter(user=user, confirmed=False).first()
    # Several attempts may be needed while typing, and nothing can be guessed: the user sees the key.
    if device is None or not device.verify_is_allowed()[0] or not device.verify_token(_digits(code)):
        return None
    TOTPDevice.objects.filter(user=user).exclude(pk=device.pk).delete()
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    return new_backup_codes(user)


@transaction.atomic
def new_backup_codes(user: User) -> list[str]:
    """Replace the backup codes."""
    StaticDevice.objects.filter(user=user).delete()
    backup = StaticDevice.objects.create(user=user, name=_BACKUP)
    codes = [StaticToken.random_token() for _ in range(BACKUP_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=backup, token=each) for each in codes])
    return codes


@transaction.atomic
def turn_off(user: User) -> None:
    forget_app(user)
    StaticDevice.objects.filter(user=user).delete()


def forget_app(user: User) -> None:
    """Keep the backup codes."""
    TOTPDevice.objects.filter(user=user).delete()


@transaction.atomic
def check(user: User, code: str) -> Verdict:
    """Check a code of the app or a backup code; both work once. Wrong ones make the next check wait ever longer."""
    device = _device_of(user, code)
    if device is None:
        return Verdict.WRONG
    if not device.verify_is_allowed()[0]:
        return Verdict.LOCKED
    given = code.strip().replace("-", "").replace(" ", "").lower() if _is_backup(code) else _digits(code)
    return Verdict.RIGHT if device.verify_token(given) else Verdict.WRONG


def locked_until(user: User, code: str) -> datetime:
    """When a code of this kind, of the app or a backup code, is checked again."""
    device = _device_of(user, code)
    allowed, details = device.verify_is_allowed() if device else (True, {})
    return timezone.now() if allowed else details["locked_until"]


def _device_of(user: User, code: str) -> TOTPDevice | StaticDevice | None:
    kind = StaticDevice if _is_backup(code) else TOTPDevice
    return kind.objects.filter(user=user, confirmed=True).first()


def _is_backup(code: str) -> bool:
    return not (_digits(code).isdecimal() and len(_digits(code)) == _APP_DIGITS)


def _digits(code: str) -> str:
    return code.replace(" ", "").strip()
