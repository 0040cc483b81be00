"""Why a sign-in failed, as sentences for users."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from json import JSONDecodeError

from jobs.domain.errors import WrongUse

logger = logging.getLogger(__name__)

_AGAIN = "Start the sign-in again."
_SETUP = "An administrator must check the settings of the sign-in."
_CLOCK = "The clocks of this site and of the sign-in service differ too much. An administrator must set them."
#: The provider's error codes that users can do something about, or that point to a setting.
_CODES = {
    "access_denied": (HTTPStatus.BAD_REQUEST, f"The sign-in was cancelled. {_AGAIN}"),
    "mismatching_state": (
        HTTPStatus.BAD_REQUEST,
        f"This sign-in has expired, was used before, or began in another browser. {_AGAIN}",
    ),
    "invalid_grant": (HTTPStatus.BAD_REQUEST, f"The sign-in took too long or was used before. {_AGAIN}"),
    "temporarily_unavailable": (HTTPStatus.SERVICE_UNAVAILABLE, "The sign-in service is busy. Try again in a minute."),
    "invalid_client": (HTTPStatus.BAD_GATEWAY, f"The sign-in service rejects this site's ID or secret. {_SETUP}"),
    "unauthorized_client": (HTTPStatus.BAD_GATEWAY, f"The sign-in service does not accept this site. {_SETUP}"),
}


class SignInFailed(WrongUse):
    """A sign-in that ended without a session; ``status`` is that of the page."""

    kind = "sign_in_failed"

    def __init__(self, sentence: str, status: HTTPStatus = HTTPStatus.FORBIDDEN) -> None:
        super().__init__(sentence)
        self.status = status


def wrong_answer(detail: str) -> SignInFailed:
    """The provider's answer cannot be trusted or is incomplete. ``detail`` is for the log."""
    logger.error("web.sign_in_wrong_answer", extra={"detail": detail})
    return SignInFailed(f"The answer of the sign-in service is not valid. {_AGAIN}", HTTPStatus.BAD_GATEWAY)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the errors of Authlib and requests into SignInFailed."""
    from authlib.integrations.base_client import OAuthError
    from joserfc.errors import ExpiredTokenError, InvalidClaimError, JoseError
    from requests import RequestException

    try:
        yield
    except OAuthError as error:
        raise _refusal(error.error, error.description) from error
    except ExpiredTokenError as error:
        raise SignInFailed(_CLOCK, HTTPStatus.BAD_GATEWAY) from error
    except InvalidClaimError as error:
        if error.claim in ("iat", "nbf"):
            raise SignInFailed(_CLOCK, HTTPStatus.BAD_GATEWAY) from error
        raise wrong_answer(str(error)) from error
    except JSONDecodeError as error:  # before RequestException: requests' own derives from both
        raise wrong_answer("not JSON") from error
    except RequestException as error:
        logger.exception("web.sign_in_unreachable")
        sentence = "The sign-in service does not answer. Try again in a minute."
        raise SignInFailed(sentence, HTTPStatus.SERVICE_UNAVAILABLE) from error
    except (JoseError, ValueError, KeyError, RuntimeError) as error:  # Authlib's for incomplete answers
        raise wrong_answer(str(error)) from error


def _refusal(code: str, description: str | None) -> SignInFailed:
    """Codes come from the address, so anybody can choose them: an unknown one is not shown."""
    status, sentence = _CODES.get(code, (HTTPStatus.BAD_GATEWAY, f"The sign-in service refused the sign-in. {_AGAIN}"))
    log = logger.error if status == HTTPStatus.BAD_GATEWAY else logger.info
    log("web.sign_in_refused", extra={"code": str(code)[:100], "detail": str(description)[:500]})
    return SignInFailed(sentence, status)
