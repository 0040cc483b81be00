"""WebAuthn's protocol: the requests to browsers, and the check of their answers. The library is fido2, loaded on use.

Attestation is not requested: any authenticator may be used.
"""

from __future__ import annotations

import json
import logging
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from jobs.configuration.passkeys import PasskeySite
from jobs.domain.errors import WrongUse

if TYPE_CHECKING:
    from fido2.server import Fido2Server
    from fido2.webauthn import AuthenticationResponse, RegistrationResponse

logger = logging.getLogger(__name__)

#: How long a user may take.
SECONDS = 300
_LONGEST_ANSWER = 20_000
_ALGORITHMS = frozenset({-7, -8, -257})  # ES256, EdDSA and RS256: each authenticator has one of them
_TRANSPORTS = ("ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb")
# What fido2 raises about an answer that is incomplete, malformed or false.
_FAULTS = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError, struct.error)

_FALSE = "The passkey’s answer is not valid. Try again."


class PasskeyRefused(WrongUse):
    """An authenticator's answer was not accepted. ``account``: the name of the passkey's owner, if that is known."""

    kind = "passkey_refused"

    def __init__(self, sentence: str, account: str | None = None) -> None:
        super().__init__(sentence)
        self.account = account


@dataclass(frozen=True)
class Asked:
    """A request to the browser: WebAuthn's options as JSON, and the state with which the answer is checked."""

    options: dict[str, Any]
    state: dict[str, Any]


@dataclass(frozen=True)
class Known:
    """The stored part of a passkey that names it to a browser."""

    credential_id: str
    transports: list[str]


@dataclass(frozen=True, kw_only=True)
class Created:
    """A new passkey. ``credential``: WebAuthn's attested credential data, which has the public key."""

    credential_id: str
    credential: bytes
    transports: list[str]
    counter: int


@dataclass(frozen=True)
class Answer:
    """A browser's answer, not yet checked. ``user_handle`` is None where the authenticator does not name a user."""

    credential_id: str
    user_handle: str | None
    whole: AuthenticationResponse


def site() -> PasskeySite:
    found: PasskeySite = settings.PASSKEYS
    return found


def ask_to_create(user: dict[str, str], known: list[Known]) -> Asked:
    """``user``: WebAuthn's id, name and displayName. Authenticators that have a known passkey refuse."""
    from fido2.webauthn import PublicKeyCredentialUserEntity, ResidentKeyRequirement, UserVerificationRequirement

    options, state = _server().register_begin(
        PublicKeyCredentialUserEntity.from_dict(user),
        _described(known),
        ResidentKeyRequirement.PREFERRED,  # if it were required, security keys without room would not work at all
        UserVerificationRequirement.PREFERRED,
    )
    return _asked(options.public_key, state)


def created(state: dict[str, Any], given: str) -> Created:
    """The passkey that the browser created. Raises PasskeyRefused."""
    from fido2.webauthn import RegistrationResponse

    answer: RegistrationResponse = _parsed(RegistrationResponse, given)
    _check_origin(answer.response.client_data.origin, None)
    try:
        seen = _server().register_complete(state, answer)
        data = seen.credential_data
        if data is None or data.credential_id != answer.raw_id or data.public_key[3] not in _ALGORITHMS:
            raise PasskeyRefused(_FALSE)
    except _FAULTS as error:
        raise _false(error, None) from error
    return Created(credential_id=answer.id, credential=bytes(data), transports=_transports(given), counter=seen.counter)


def ask_to_use(known: list[Known] | None) -> Asked:
    """One of the known passkeys. With None, one that the authenticator finds, and for which it verifies its user, by
    PIN or biometrics, since no password was given.
    """
    from fido2.webauthn import UserVerificationRequirement as Verification

    verification = Verification.REQUIRED if known is None else Verification.PREFERRED
    options, state = _server().authenticate_begin(None if known is None else _described(known), verification)
    return _asked(options.public_key, state)


def answered(given: str) -> Answer:
    """Raises PasskeyRefused."""
    from fido2.utils import websafe_encode
    from fido2.webauthn import AuthenticationResponse

    answer: AuthenticationResponse = _parsed(AuthenticationResponse, given)
    handle = answer.response.user_handle
    return Answer(answer.id, None if handle is None else websafe_encode(handle), answer)


def check(answer: Answer, state: dict[str, Any], credential: bytes, account: str) -> int:
    """Check the signature with the stored credential. Returns the authenticator's counter. Raises PasskeyRefused."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from fido2.webauthn import AttestedCredentialData

    response = answer.whole.response
    _check_origin(response.client_data.origin, account)
    try:
        _server().authenticate_complete(state, [AttestedCredentialData(credential)], answer.whole)
    except (*_FAULTS, InvalidSignature, UnsupportedAlgorithm) as error:
        raise _false(error, account) from error
    return response.authenticator_data.counter


def _server() -> Fido2Server:
    from fido2.server import Fido2Server
    from fido2.webauthn import PublicKeyCredentialRpEntity

    origin = site().origin
    party = PublicKeyCredentialRpEntity(name="Filesure", id=site().host)
    server = Fido2Server(party, verify_origin=lambda given: given == origin)
    server.timeout = SECONDS * 1000  # type: ignore[assignment]  # declared by its default, None
    server.allowed_algorithms = [each for each in server.allowed_algorithms if each.alg in _ALGORITHMS]
    return server


def _parsed(kind: type[Any], given: str) -> Any:
    if len(given) > _LONGEST_ANSWER:
        raise PasskeyRefused(_FALSE)
    try:
        return kind.from_dict(json.loads(given))
    except _FAULTS as error:
        raise _false(error, None) from error


def _transports(given: str) -> list[str]:
    """Hints from the browser, which fido2 leaves out."""
    found = json.loads(given)["response"].get("transports")
    return [each for each in found if each in _TRANSPORTS] if isinstance(found, list) else []


def _check_origin(given: object, account: str | None) -> None:
    if given != site().origin:
        logger.warning("web.passkey_origin", extra={"origin": str(given)[:200], "username": account})
        raise PasskeyRefused(f"Passkeys work only at {site().origin}.", account)


def _false(error: BaseException, account: str | None) -> PasskeyRefused:
    logger.warning("web.passkey_refused", extra={"detail": str(error)[:200], "username": account})
    return PasskeyRefused(_FALSE, account)


def _described(known: list[Known]) -> list[Any]:
    from fido2.webauthn import PublicKeyCredentialDescriptor

    return [
        PublicKeyCredentialDescriptor.from_dict(
            {"type": "public-key", "id": each.credential_id, "transports": each.transports or None}
        )
        for each in known
    ]


def _asked(options: Any, state: dict[str, Any]) -> Asked:
    """Without fido2's own types, for the browser and the session."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(options), default=dict))
    return Asked(plain, {name: str(value) for name, value in state.items()})
