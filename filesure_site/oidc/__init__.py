"""Sign-in with an OpenID Connect provider.

Authlib does the protocol, because it validates the ID token fully: signature, issuer, audience, times and nonce.
(mozilla-django-oidc leaves the audience unchecked, django-allauth the nonce, and neither decides who gets an account.)
It is imported at the first sign-in, so a site without a provider does not load it.
"""
