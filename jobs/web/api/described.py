"""The parts of the API's documentation, as its page shows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Type:
    """A type in words, around the schemas that it names."""

    text: str
    schemas: tuple[str, ...] = ()
    after: str = ""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A parameter or a property. ``default`` is JSON, empty if there is none."""

    name: str
    type: Type
    required: bool
    default: str
    about: str = ""
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response: its status with the phrase, and what it contains."""

    status: str
    type: Type


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation with an example call in two languages.

    ``body`` is the schema's name, empty if there is none; ``fields`` are those of the body.
    """

    id: str
    group: str
    method: str
    path: str
    about: str
    parameters: list[Field]
    body: str
    fields: list[Field]
    answers: list[Answer]
    curl: str
    python: str


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """A message about one event: its type, the schema of its data, and an example as JSON."""

    id: str
    type: str
    about: str
    data: str
    example: str


@dataclass(frozen=True, kw_only=True)
class Described:
    """A named schema."""

    name: str
    about: str
    fields: list[Field]
    type: Type

    @property
    def is_input(self) -> bool:
        """Whether clients send it, and need to know what is required."""
        return self.name.endswith("In")
