"""What every block of the language is made from."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ostiary.config.values import Refused, Text


class Spec(BaseModel):
    """A block of the file: unknown keys are mistakes, nothing is converted silently, nothing changes later.

    Its validator is made when a file is read. Whoever is only handed what was read has none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True, defer_build=True)


class OneOf(Spec):
    """A block with exactly one key, which says what it is."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})
    what: ClassVar[str] = "kind"
    beside: ClassVar[frozenset[str]] = frozenset()
    """Keys that may stand beside the one."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Tell the JSON Schema how many keys there may be."""
        super().__pydantic_init_subclass__(**kwargs)
        cls.model_config["json_schema_extra"] = {"minProperties": 1, "maxProperties": 1 + len(cls.beside)}

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if len(self.model_fields_set - self.beside) != 1:
            allowed = ", ".join(name for name in type(self).model_fields if name not in self.beside)
            raise Refused("C113", f"exactly one {self.what} is wanted here: {allowed}")
        return self

    @property
    def kind(self) -> str:
        """The key that was written."""
        return next(iter(self.model_fields_set - self.beside))

    @property
    def value(self) -> Any:
        """What stands under it."""
        return getattr(self, self.kind)


Some = Annotated[tuple[Text, ...], Field(min_length=1, strict=False)]
"""One or more texts."""
