"""The settings of sign-in with OpenID Connect. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.configuration import readers as env
from jobs.configuration.setting import setting


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """How staff sign in with accounts of their organisation."""

    oidc_issuer: str | None = setting(
        env.issuer,
        None,
        "Issuer of an OpenID Connect provider, such as Entra ID; see security.md. Unset: local accounts only.",
        example="https://login.microsoftonline.com/TENANT/v2.0",
    )
    oidc_client_id: str | None = setting(
        env.text, None, "The site's client ID at the provider.", example="00000000-0000-0000-0000-000000000000"
    )
    oidc_client_secret: str | None = setting(
        env.text, None, "The client's secret at the provider.", example="…", secret=True
    )
    oidc_name: str = setting(
        env.text, "your organisation", "The provider's name on the login page.", example="Microsoft"
    )
    oidc_scopes: tuple[str, ...] = setting(
        env.words, ("openid", "profile", "email"), "Scopes to request; some providers have one for groups."
    )
    oidc_groups_claim: str = setting(
        env.text, "groups", "The claim that lists a user's groups or roles. For Entra ID's app roles: roles."
    )
    oidc_roles: tuple[tuple[str, str], ...] = setting(
        env.roles,
        (),
        "Which group has which role: group=Role, separated by commas; the highest role applies. Users without one are"
        " refused.",
        example="filesure-admins=Admin,filesure-staff=Operator,auditors=Viewer",
    )
    oidc_only: bool = setting(
        env.boolean,
        False,
        "Refuse passwords of all accounts but superusers, which remain for emergencies. Requires OIDC_ISSUER.",
        example="1",
    )
