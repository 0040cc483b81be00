"""The common parts of all response bodies."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasGenerator, BaseModel, BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

CursorOut = Annotated[str | None, BeforeValidator(lambda place: str(place) if place else None)]


class Out(BaseModel):
    """A response body, in camelCase."""

    # Not ninja's Schema, whose resolvers take 15 times as long to read a job and slow exports down.
    model_config = ConfigDict(
        alias_generator=AliasGenerator(serialization_alias=to_camel),
        from_attributes=True,
        json_schema_serialization_defaults_required=True,
    )


class PageOut(Out):
    """One page of a list."""

    next: CursorOut
    previous: CursorOut
