"""The MongoDB adapters. No other package uses MongoDB."""

import sys
from importlib.util import find_spec

# To find out that PyOpenSSL is missing, pymongo imports cryptography first: 45 ms of every worker's start.
if find_spec("OpenSSL") is None:
    sys.modules["pymongo.pyopenssl_context"] = None  # type: ignore[assignment]  # an import of it fails
