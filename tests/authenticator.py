"""An authenticator in software, which answers what a site asks as a browser at an address would send it."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

Flag = AuthenticatorData.FLAG
_NONE = Flag(0)


class Authenticator:
    """Has one passkey at most. ``counter``: that of the last answer; None if it does not count."""

    def __init__(self, origin: str = "http://localhost:5001", counter: int | None = 0) -> None:
        self.origin = origin
        self.counter = counter
        self.verifies = True
        self.handle = ""
        self.id = os.urandom(32)
        self._key = ec.generate_private_key(ec.SECP256R1())

    def create(self, options: dict[str, Any]) -> str:
        self.handle = options["user"]["id"]
        key = ES256.from_cryptography_key(self._key.public_key())
        credential = AttestedCredentialData.create(Aaguid.NONE, self.id, key)
        data = self._data(options["rp"]["id"], Flag.AT, credential)
        attestation = AttestationObject.create("none", data, {})
        client = self._client("webauthn.create", options["challenge"])
        return self._sent(clientDataJSON=client, attestationObject=attestation, transports=["usb", "new"])

    def get(self, options: dict[str, Any], *, named: bool = True) -> str:
        """``named``: with the user's handle, as for a login without a name."""
        data = self._data(options["rpId"])
        client = self._client("webauthn.get", options["challenge"])
        signature = self._key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        more = {"userHandle": self.handle} if named else {}
        return self._sent(clientDataJSON=client, authenticatorData=data, signature=signature, **more)

    def _client(self, kind: str, challenge: str) -> CollectedClientData:
        return CollectedClientData.create(kind, challenge, self.origin)

    def _data(self, host: str, flags: Flag = _NONE, credential: bytes = b"") -> AuthenticatorData:
        if self.counter is not None:
            self.counter += 1
        flags |= Flag.UP | (Flag.UV if self.verifies else _NONE)
        return AuthenticatorData.create(sha256(host.encode()).digest(), flags, self.counter or 0, credential)

    def _sent(self, **response: Any) -> str:
        encoded = {
            name: websafe_encode(value) if isinstance(value, bytes) else value for name, value in response.items()
        }
        credential = websafe_encode(self.id)
        return json.dumps({"id": credential, "rawId": credential, "type": "public-key", "response": encoded})
