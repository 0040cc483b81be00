"""Mails the links with which users set a password."""

from __future__ import annotations

import logging
import smtplib

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import send_mail
from django.template.loader import render_to_string

logger = logging.getLogger(__name__)


def mail_link(account: User, link: str, days: int) -> str:
    """Send the link to the account's address. Returns a sentence about the outcome; empty if there is nothing to send.

    The link is shown as well, so a mail that could not be sent is not repeated.
    """
    if not (settings.EMAIL_HOST and account.email):
        return ""
    text = render_to_string("mail/link.txt", {"name": account.get_username(), "link": link, "days": days})
    try:
        send_mail("Your account at Filesure", text, None, [account.email])
    except (OSError, smtplib.SMTPException, ValueError) as error:  # ValueError: an address that Django refuses
        logger.warning("web.link_not_mailed", extra={"account": account.pk, "reason": type(error).__name__})
        return f"It could not be mailed to {account.email}."
    return f"It was also mailed to {account.email}."
