"""Calls the API like a client, and checks its problem documents."""

from __future__ import annotations

import json

from django.test import Client


def caller(secret: str | None = None, **session):
    client = session.get("client") or Client(raise_request_exception=False)
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}

    def ask(method: str, path: str, body: object = None, **more: str):
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return client.generic(method, path, data, content_type="application/json", headers={**headers, **more})

    return ask


def is_problem(answer, status: int, kind: str | None = None) -> bool:
    body = answer.json()
    assert answer["Content-Type"] == "application/problem+json", answer.content
    assert (answer.status_code, body["status"]) == (status, status), body
    assert kind is None or body["kind"] == kind, body
    return {"type", "title", "detail", "instance"} <= body.keys()
