"""The floor of uploads to a blob store: a client that does nothing but send the bytes, on persistent connections."""

from __future__ import annotations

import http.client
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

_CONTAINER = "bare"


def bare_uploads(connection_string: str, sizes: Sequence[int], connections: int) -> float:
    """The seconds that uploads of these sizes take, spread over some connections."""
    service = BlobServiceClient.from_connection_string(connection_string)
    service.create_container(_CONTAINER)
    token = generate_container_sas(
        account_name=service.account_name or "",
        container_name=_CONTAINER,
        account_key=service.credential.account_key,
        permission=ContainerSasPermissions(create=True, write=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    url = urlsplit(service.url)

    def upload(mine: Sequence[tuple[int, int]]) -> None:
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=30)
        for number, size in mine:
            path = f"{url.path.rstrip('/')}/{_CONTAINER}/{number}?{token}"
            connection.request("PUT", path, bytes(size), {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2021-08-06"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == http.HTTPStatus.CREATED, answer.status
        connection.close()

    numbered = list(enumerate(sizes))
    started = time.perf_counter()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(upload, [numbered[at::connections] for at in range(connections)]))
    return time.perf_counter() - started
