"""The OpenAPI document as a page shows it: types in words, and an example call of each operation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from jobs.web.api.described import Answer, Described, Field, Operation, Type, Webhook
from jobs.web.api.example_calls import Call
from jobs.web.api.problems import CONTENT_TYPE

Schema = Mapping[str, Any]

#: Examples of what a name alone explains.
_EXAMPLES: Mapping[str, object] = {
    **dict.fromkeys(("action_id", "export_id", "job_id", "jobId", "list_id", "listId"), "65a1b2c3d4e5f60718293a4b"),
    "cin": "L24295GJ1987PLC143792",
    "companyName": "Vindhya Chemicals Limited",
    "Idempotency-Key": "order-2026-12-01",
    "minutes": 30,
    "num_jobs": 1,
    "q": "revenue",
    "reason": "Maintenance",
    "name": "December",
    "orders": [{"cin": "L24295GJ1987PLC143792", "companyName": "Vindhya Chemicals Limited"}],
}
#: Errors that every operation can return; shown once.
_COMMON = {400, 401, 403, 405, 429, 503}


class Reference:
    """A reading of an OpenAPI document. ``site``: the address at the beginning of examples."""

    def __init__(self, document: Schema, site: str) -> None:
        self._paths: Schema = document["paths"]
        self._webhooks: Schema = document["webhooks"]
        self._schemas: Schema = document["components"]["schemas"]
        self._site = site

    @cached_property
    def operations(self) -> list[Operation]:
        return [
            self._operation(method, path, given)
            for path, methods in self._paths.items()
            for method, given in methods.items()
        ]

    def groups(self) -> dict[str, list[Operation]]:
        """The operations by subject."""
        groups: dict[str, list[Operation]] = {}
        for each in self.operations:
            groups.setdefault(each.group, []).append(each)
        return groups

    @cached_property
    def webhooks(self) -> list[Webhook]:
        return [self._webhook(kind, path["post"]) for kind, path in self._webhooks.items()]

    def _webhook(self, kind: str, given: Schema) -> Webhook:
        data = _message(given)["data"]["$ref"].rpartition("/")[2]
        values = {
            name: kind.partition(".")[2] if name == "status" else self._value(name, schema)
            for name, schema in self._schemas[data]["properties"].items()
        }
        message = {"type": kind, "timestamp": "2026-12-01T09:30:00Z", "data": values}
        return Webhook(
            id=given["operationId"],
            type=kind,
            about=given["summary"],
            data=data,
            example=json.dumps(message, indent=2, ensure_ascii=False),
        )

    def webhook_headers(self) -> list[Field]:
        """The headers of every message."""
        first: Schema = next(iter(self._webhooks.values()))["post"]
        return [
            replace(self._field(each["name"], each["schema"], required=True), about=each["description"])
            for each in first["parameters"]
        ]

    def schemas(self) -> list[Described]:
        """Those that bodies, responses and webhooks use, in alphabetical order."""
        used: set[str] = set()
        waiting = {name for each in self.operations for name in (each.body, *_named(each.answers)) if name}
        waiting |= {each.data for each in self.webhooks}
        while waiting:
            name = waiting.pop()
            used.add(name)
            given = self._schemas[name]
            fields = self._fields(given)
            waiting |= {each for field in fields for each in field.type.schemas} | set(self._type(given).schemas)
            waiting -= used
        return [self._described(name) for name in sorted(used)]

    def _described(self, name: str) -> Described:
        given = self._schemas[name]
        return Described(name=name, about=_about(given), fields=self._fields(given), type=self._type(given))

    def _operation(self, method: str, path: str, given: Schema) -> Operation:
        parameters = given.get("parameters", [])
        body = _content(given.get("requestBody", {})).get("schema", {})
        name = body.get("$ref", "").rpartition("/")[2] or next(iter(self._type(body).schemas), "")
        example = self.example(name) if given.get("requestBody", {}).get("required") else None
        call = Call(method.upper(), self._address(path, parameters), example, _result(given["responses"]))
        return Operation(
            id=given["operationId"],
            group=given["tags"][0].capitalize(),
            method=method.upper(),
            path=path,
            about=_about(given),
            parameters=[
                self._field(each["name"], each["schema"], required=each["required"], place=each["in"])
                for each in parameters
            ],
            body=name,
            fields=self._fields(self._schemas[name]) if name else [],
            answers=list(self._answers(given["responses"])),
            curl=call.curl(),
            python=call.python(),
        )

    def _answers(self, responses: Schema) -> Iterator[Answer]:
        for status, response in sorted(responses.items(), key=lambda each: int(each[0])):
            if int(status) in _COMMON:
                continue
            kinds = response.get("content", {})
            text = f"{status} {HTTPStatus(int(status)).phrase}"
            if CONTENT_TYPE in kinds:
                yield Answer(status=text, type=Type(text="", schemas=("Problem",)))
            elif schema := _content(response).get("schema"):
                yield Answer(status=text, type=self._type(schema))
            else:
                yield Answer(status=text, type=Type(text=next(iter(kinds), "no content")))

    def _fields(self, given: Schema) -> list[Field]:
        required = given.get("required", [])
        return [
            self._field(name, schema, required=name in required) for name, schema in given.get("properties", {}).items()
        ]

    def _field(self, name: str, schema: Schema, *, required: bool, place: str = "") -> Field:
        default = json.dumps(schema["default"]) if "default" in schema else ""
        return Field(
            name=name, type=self._type(schema), required=required, default=default, about=_about(schema), place=place
        )

    def _type(self, given: Schema) -> Type:
        """Enums are written out; other named schemas are left to their own description."""
        if "$ref" in given:
            name = given["$ref"].rpartition("/")[2]
            return self._type(self._schemas[name]) if "enum" in self._schemas[name] else Type(text="", schemas=(name,))
        several = [self._type(each) for each in (*given.get("anyOf", ()), *given.get("allOf", ()))]
        if several:
            text = " or ".join(each.text for each in several if each.text)
            schemas = tuple(name for each in several for name in each.schemas)
            return Type(text="", schemas=schemas, after=text and f"or {text}") if schemas else Type(text=text)
        kind = given.get("type")
        if kind == "array":
            inner = self._type(given.get("items", {}))
            most = f"at most {given['maxItems']:,} of " if "maxItems" in given else ""
            return Type(text=f"array of {most}{inner.text}".rstrip(), schemas=inner.schemas)
        if kind == "object" and isinstance(given.get("additionalProperties"), Mapping):
            inner = self._type(given["additionalProperties"])
            return Type(text=f"object of {inner.text}".rstrip(), schemas=inner.schemas)
        return Type(text=_words(given))

    # --- examples

    def example(self, name: str) -> object:
        """A body with the required fields, or the first one if none is required and its name explains it."""
        given = self._schemas[name]
        if "properties" not in given:
            return self._value("", given)
        required = given.get("required") or [each for each in list(given["properties"])[:1] if each in _EXAMPLES]
        return {each: self._value(each, given["properties"][each]) for each in required}

    def _value(self, name: str, schema: Schema) -> object:
        if "example" in schema:
            return schema["example"]
        if name in _EXAMPLES and isinstance(_EXAMPLES[name], list) == (schema.get("type") == "array"):
            return _EXAMPLES[name]
        if "$ref" in schema:
            return self.example(schema["$ref"].rpartition("/")[2])
        if "anyOf" in schema and "default" not in schema:
            return self._value(name, schema["anyOf"][0])
        return self._plain(schema)

    def _plain(self, schema: Schema) -> object:
        if "default" in schema:
            return schema["default"]
        if "enum" in schema:
            return schema["enum"][0]
        items = [self._value("", schema["items"])] if "$ref" in schema.get("items", {}) else []
        kinds: Mapping[str, object] = {
            "integer": schema.get("minimum", 1),
            "boolean": True,
            "array": items,
            "object": {},
        }
        return kinds.get(schema.get("type", ""), "text")

    def _address(self, path: str, parameters: list[Schema]) -> str:
        query = {}
        for each in parameters:
            value = self._value(each["name"], each["schema"])
            if each["in"] == "path":
                path = path.replace(f"{{{each['name']}}}", str(value))
            elif each["in"] == "query" and (each["required"] or each["name"] == "limit"):
                query[each["name"]] = str(value)
        return f"{self._site}{path}" + (f"?{urlencode(query)}" if query else "")


def _words(given: Schema) -> str:
    """A plain type with its limits."""
    if "enum" in given:
        return " | ".join(json.dumps(each) for each in given["enum"])
    if "const" in given:
        return json.dumps(given["const"])
    text = str(given.get("type", "any"))
    text += f" ({given['format']})" if "format" in given else ""
    if "minimum" in given or "maximum" in given:
        text += f", {given.get('minimum', '…')} to {given.get('maximum', '…')}"
    if "maxLength" in given:
        text += f", at most {given['maxLength']:,} characters"
    return text + (f", matching {given['pattern']}" if "pattern" in given else "")


def _about(given: Schema) -> str:
    return str(given.get("description", "")).replace("``", "`")


def _result(responses: Schema) -> str:
    good = next(response for status, response in responses.items() if int(status) < HTTPStatus.MULTIPLE_CHOICES)
    if _content(good):
        return "json"
    return "file" if "content" in good else ""


def _content(part: Schema) -> Schema:
    found: Schema = part.get("content", {}).get("application/json", {})
    return found


def _message(webhook: Schema) -> Schema:
    """The properties of a webhook's body."""
    found: Schema = _content(webhook["requestBody"])["schema"]["properties"]
    return found


def _named(answers: list[Answer]) -> Iterator[str]:
    for each in answers:
        yield from each.type.schemas
