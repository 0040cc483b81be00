"""The provider: the authorization code flow with PKCE, state and nonce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from django.conf import settings
from django.http import HttpRequest

from filesure_site.oidc.failures import SignInFailed, translated, wrong_answer
from jobs.configuration.sign_in import SignIn

_SECONDS = 5
# Not HS256, whose key would be the client secret, and not none.
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
_NAME = "oidc"


class _State(Protocol):
    def get_state_data(self, session: Any, state: str | None) -> dict[str, Any] | None: ...


class _Client(Protocol):
    """The part of Authlib's DjangoOAuth2App that we use; it has no types."""

    framework: _State

    def load_server_metadata(self) -> dict[str, Any]: ...
    def create_authorization_url(self, redirect_uri: str) -> dict[str, Any]: ...
    def save_authorize_data(self, request: HttpRequest, **data: Any) -> None: ...
    def authorize_access_token(self, request: HttpRequest, **options: Any) -> dict[str, Any]: ...
    def userinfo(self, **options: Any) -> dict[str, Any]: ...
    def create_logout_url(self, address: str, **parameters: str) -> dict[str, str]: ...


@dataclass(frozen=True, kw_only=True)
class Identity:
    """A user as the provider knows them. Only ``issuer`` and ``subject`` identify: users can change the others."""

    issuer: str
    subject: str
    name: str
    full_name: str
    email: str
    groups: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Started:
    """The session's note of the beginning of the sign-in."""

    next: str
    #: The account that asked to be connected; None for a sign-in.
    connect: int | None


def configured() -> bool:
    return _settings().oidc_issuer is not None


def begin(request: HttpRequest, callback: str, *, next_page: str, connect: int | None) -> str:
    """Start a sign-in. Returns the provider's address to redirect to. Raises SignInFailed."""
    client = _client(_settings())
    with translated():
        _checked_metadata(client)
        made = client.create_authorization_url(callback)
    client.save_authorize_data(request, redirect_uri=callback, next=next_page, connect=connect, **made)
    return str(made["url"])


def finish(request: HttpRequest) -> tuple[Identity, Started]:
    """Redeem the code that the provider sent with the browser. Raises SignInFailed."""
    client, wanted = _client(_settings()), _settings()
    noted = client.framework.get_state_data(request.session, request.GET.get("state")) or {}
    with translated():
        issuer = _checked_metadata(client)["issuer"]
        options = {
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": wanted.oidc_client_id},
            "sub": {"essential": True},
        }
        token = client.authorize_access_token(request, claims_options=options)
        claims = token.get("userinfo")
        if not claims:
            raise wrong_answer("no ID token")
        claims = _with_groups(client, token, claims)
    return _identity(claims), Started(next=noted.get("next", ""), connect=noted.get("connect"))


def logout_address(back: str) -> str | None:
    """Where to end the session at the provider; None if it has no such page. Raises SignInFailed."""
    client = _client(_settings())
    with translated():
        if "end_session_endpoint" not in _checked_metadata(client):
            return None
        return client.create_logout_url(back, client_id=str(_settings().oidc_client_id))["url"]


def _settings() -> SignIn:
    found: SignIn = settings.SIGN_IN
    return found


@lru_cache(maxsize=1)
def _client(given: SignIn) -> _Client:
    """Keeps the provider's metadata and keys for the life of the process; an unknown key is looked for again."""
    from authlib.integrations.django_client import OAuth

    client: _Client = OAuth().register(
        _NAME,
        client_id=given.oidc_client_id,
        client_secret=given.oidc_client_secret,
        server_metadata_url=f"{str(given.oidc_issuer).rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": " ".join(given.oidc_scopes),
            "code_challenge_method": "S256",
            "default_timeout": _SECONDS,
        },
    )
    return client


def _checked_metadata(client: _Client) -> dict[str, Any]:
    metadata = client.load_server_metadata()
    if metadata.get("issuer") != _settings().oidc_issuer:
        raise wrong_answer(f"OIDC_ISSUER is not the provider's issuer, which is {metadata.get('issuer')!r}")
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    metadata["id_token_signing_alg_values_supported"] = [each for each in offered if each in _ALGORITHMS]
    return metadata


def _with_groups(client: _Client, token: Mapping[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
    """Some providers put groups or names only into the answer of their userinfo endpoint."""
    wanted = _settings().oidc_groups_claim
    if wanted in (claims.get("_claim_names") or {}):  # Entra ID, above 200 groups
        raise SignInFailed(
            "You are in more groups than the sign-in service can list. An administrator must use app roles instead"
            " (OIDC_GROUPS_CLAIM=roles)."
        )
    if {wanted, "preferred_username"} <= claims.keys() or "userinfo_endpoint" not in client.load_server_metadata():
        return claims
    more = client.userinfo(token=token)
    if more.get("sub") != claims["sub"]:
        raise wrong_answer("userinfo is about another subject")
    return {**more, **claims}


def _identity(claims: Mapping[str, Any]) -> Identity:
    groups = claims.get(_settings().oidc_groups_claim) or []
    return Identity(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        name=str(claims.get("preferred_username") or claims.get("email") or claims["sub"]),
        full_name=str(claims.get("name") or ""),
        email=str(claims.get("email") or ""),
        groups=frozenset(str(each) for each in ([groups] if isinstance(groups, str) else groups)),
    )
