"""The signers of a PDF, according to the PDF; nothing is verified.

pdfium lists only the signatures whose field is at the top of the form's tree, but the Ministry's forms nest theirs.
Each signature's ``/ByteRange`` states the gap in the file that holds its bytes, so a search finds all of them.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import Any

_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_STRING = rb"\s*\(((?:[^()\\]|\\.){0,500})\)"
_TIME = re.compile(r"D:(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(?:Z|([+-])(\d\d)'?(\d\d)?)?")
_MOST = 50
_AROUND = 4000  # apart from its bytes, a signature's dictionary is small


def signatures(data: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for match in _RANGE.finditer(data):
        if len(found) >= _MOST:
            break
        first, hole_start, hole_end, _ = (int(number) for number in match.groups())
        if first == 0 and 0 < hole_start < hole_end <= len(data):
            found.append(_signature(data, match, hole_start, hole_end))
    return found


def _signature(data: bytes, match: re.Match[bytes], start: int, end: int) -> dict[str, Any]:
    around = _dictionary(data, match, start, end)
    name = _string(rb"/Name", around)
    return {
        "signer": _signer(data[start:end]) or name,
        "at": _time(_string(rb"/M", around)),
        "reason": _string(rb"/Reason", around),
    }


def _dictionary(data: bytes, match: re.Match[bytes], start: int, end: int) -> bytes:
    """The signature's dictionary without the signature's bytes, which may come before or after ``/ByteRange``."""
    low, high = min(match.start(), start), max(match.end(), end)
    begin = max(data.rfind(b" obj", max(0, low - _AROUND), low), 0)
    stop = data.find(b"endobj", high, high + _AROUND)
    stop = stop if stop >= 0 else high
    return data[begin:start] + data[end:stop]


def _string(key: bytes, data: bytes) -> str | None:
    match = re.search(key + _STRING, data, re.DOTALL)
    if not match:
        return None
    raw = re.sub(rb"\\(.)", rb"\1", match.group(1), flags=re.DOTALL)
    text = raw[2:].decode("utf-16-be", "ignore") if raw.startswith(b"\xfe\xff") else raw.decode("latin-1")
    return text.strip() or None


def _time(text: str | None) -> str | None:
    """In ISO format if it is a valid PDF date, otherwise unchanged."""
    match = _TIME.match(text or "")
    if not match:
        return text
    *parts, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    try:
        return datetime(*(int(part or 0) for part in parts), tzinfo=timezone(offset)).isoformat()  # type: ignore[misc,arg-type]
    except ValueError:
        return text


def _signer(hole: bytes) -> str | None:
    """The name in the signature's leaf certificate, the one that issued no other."""
    try:
        from cryptography.hazmat.primitives.serialization import pkcs7
        from cryptography.x509.oid import NameOID

        digits = hole.strip(b"<> \r\n\t").rstrip(b"0")
        der = bytes.fromhex((digits + b"0" * (len(digits) % 2) + b"00" * 4).decode("ascii"))
        certificates = pkcs7.load_der_pkcs7_certificates(_exact(der))
        issuers = {certificate.issuer for certificate in certificates if certificate.issuer != certificate.subject}
        leaves = [certificate for certificate in certificates if certificate.subject not in issuers] or certificates
        names = leaves[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[0].value) if names else None
    except Exception:  # noqa: BLE001  the library raises many kinds; the dictionary's name is the fallback
        return None


def _exact(der: bytes) -> bytes:
    """Cut off the zeros that pad the gap, using the length in the DER header."""
    if der[1] == 0x80:  # indefinite length
        return der
    if der[1] < 0x80:
        return der[: 2 + der[1]]
    count = der[1] & 0x7F
    return der[: 2 + count + int.from_bytes(der[2 : 2 + count])]
