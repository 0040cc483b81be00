"""Webhooks reach only allowed addresses, and no server delays or redirects them."""

from __future__ import annotations

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from jobs.adapters import public_addresses
from jobs.adapters.public_addresses import AddressRefused, resolve
from jobs.adapters.webhook_post import WebhookPost
from jobs.domain.public_addresses import is_allowed
from tests.servers.webhooks import status, webhook_server

PRIVATE = [
    *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1"),  # noqa: S104
    *("192.0.2.1", "224.0.0.1", "::1", "::", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "::ffff:10.0.0.1"),
    *("64:ff9b::a00:1", "2002:a00:1::", "fec0::1", "3fff::1", "192.0.0.9", "192.88.99.1", "240.0.0.1"),
]
NEVER = [
    *("169.254.169.254", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "168.63.129.16"),
    *("2002:a9fe:a9fe::", "2001:0:4136:e378:8000:63bf:5601:5601", "::a9fe:a9fe", "::ffff:0:a9fe:a9fe", "::7f00:1"),
    *("64:ff9b:1::a9fe:a9fe", "100.100.100.200", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"),
]


@pytest.mark.parametrize("address", [*PRIVATE, *NEVER, "nonsense"])
def test_address_inside_is_refused(address):
    assert not is_allowed(address, allow_private=False)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"])
def test_public_address_is_allowed(address):
    assert is_allowed(address, allow_private=False)


@pytest.mark.parametrize("address", NEVER)
def test_metadata_stays_refused_on_own_networks(address):
    assert not is_allowed(address, allow_private=True)
    assert is_allowed("10.1.2.3", allow_private=True)
    assert is_allowed("::1", allow_private=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "[::1]", "no.invalid"])
def test_host_that_means_this_machine_is_refused(host):
    with pytest.raises(AddressRefused):
        resolve(host.strip("[]"), 443, allow_private=False)


def test_one_private_address_refuses_the_name(monkeypatch):
    found = [(2, 1, 6, "", (each, 443)) for each in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(public_addresses.socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(AddressRefused):
        resolve("two.example.com", 443, allow_private=False)


@pytest.fixture
def server():
    with webhook_server() as made:
        yield made


OWN = WebhookPost(allow_http=True, allow_private=True, total_seconds=0.4)


def test_message_arrives_with_the_entered_host(server):
    answer = OWN(server.url, b'{"a":1}', {"Content-Type": "application/json"})
    assert (answer.status, answer.error) == (200, "")
    (got,) = server.received
    assert (got.path, got.body) == ("/hook?key=1", b'{"a":1}')
    assert got.headers["host"] == f"127.0.0.1:{server.port}"
    assert got.headers["content-length"] == "7"


@pytest.mark.parametrize(
    ("answer", "status_", "error"),
    [
        (status(302, "Location: http://127.0.0.1/"), 302, "redirects (302)"),
        (status(410), 410, "410 Gone"),
        (status(500), 500, "500 Internal Server Error"),
        (b"HTTP/1.1 2", None, "connection failed"),
        (b"SMTP says hello\r\n\r\n", None, "connection failed"),
        ("close", None, "connection failed"),
        ("hang", None, "did not answer in time"),
        ("drip", None, "did not answer in time"),
    ],
)
def test_bad_answer_is_a_failure_with_a_reason(server, answer, status_, error):
    server.answers.append(answer)
    began = time.monotonic()
    got = OWN(server.url, b"{}", {})
    assert (got.status, error in got.error) == (status_, True), got
    assert time.monotonic() - began < 5
    assert len(server.received) == 1


def test_body_that_is_cut_off_does_not_matter(server):
    server.answers.append(b"HTTP/1.1 204 OK\r\nContent-Length: 500\r\n\r\nhal")
    assert OWN(server.url, b"{}", {}).status == 204


def test_endless_body_is_not_read(server):
    server.answers.append(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 100_000)
    assert OWN(server.url, b"{}", {}).error == ""


def test_wish_for_a_later_attempt_is_returned(server):
    server.answers += [status(429, "Retry-After: 120"), status(503, "Retry-After: tomorrow")]
    answers = [OWN(server.url, b"{}", {}) for _ in range(2)]
    assert [each.retry_after for each in answers] == [timedelta(seconds=120), None]


def test_private_and_plain_addresses_need_their_settings(server):
    refused = WebhookPost(allow_http=True)(server.url, b"{}", {})
    assert refused.error == "The host 127.0.0.1 has an address in a private or reserved network."
    assert WebhookPost(allow_private=True)(server.url, b"{}", {}).error == "Only https addresses are allowed."
    assert server.received == []


def test_closed_port_is_a_failure():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "connection failed" in OWN(f"http://127.0.0.1:{port}/", b"", {}).error


def test_certificate_is_checked_against_the_entered_name(tmp_path, monkeypatch):
    certificate = a_certificate(tmp_path, "hooks.example.com")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(public_addresses.socket, "getaddrinfo", here)
    with webhook_server(tls) as server:
        post = WebhookPost(allow_private=True, tls=trusting, total_seconds=5)
        assert post(f"https://hooks.example.com:{server.port}/", b"{}", {}).status == 200
        assert "certificate is not valid" in post(f"https://other.example.com:{server.port}/", b"{}", {}).error
        untrusting = WebhookPost(allow_private=True, total_seconds=5)
        assert "certificate is not valid" in untrusting(f"https://hooks.example.com:{server.port}/", b"{}", {}).error
        assert len(server.received) == 1


def test_silent_handshake_ends_in_time(monkeypatch):
    monkeypatch.setattr(public_addresses.socket, "getaddrinfo", here)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        post = WebhookPost(allow_private=True, total_seconds=0.3)
        answer = post(f"https://hooks.example.com:{listener.getsockname()[1]}/", b"{}", {})
    assert answer.error == "The server did not answer in time."


def here(_host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
    """All names mean this machine."""
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


def a_certificate(folder: Path, host: str) -> Path:
    """A self-signed certificate with its key, in one file."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
