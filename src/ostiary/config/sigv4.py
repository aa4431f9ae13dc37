"""The spec of signatures for AWS."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ostiary.config.spec import Spec
from ostiary.config.values import HeaderName, Name

Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,64}$")]


class SigV4Spec(Spec):
    """A signature of the request as AWS wants it (Signature Version 4). The last injector of its route."""

    credential: Name = Field(description="Alias: the id is the access key id, the secret the secret access key.")
    session_token: Name | None = Field(
        None, description="Alias of the session token of temporary keys: another field of the same record."
    )
    region: Word = Field(description="The region, such as eu-west-1.")
    service: Word = Field(description="The service, as signatures name it: s3, execute-api, es, sqs, ...")
    payload: Literal["empty", "unsigned"] = Field(
        "empty", description="empty: requests have no body. unsigned: a body goes along unsigned, which S3 accepts."
    )
    headers: Annotated[tuple[HeaderName, ...], Field(strict=False)] = Field(
        (), description="The caller's headers that are signed. Of those that begin with x-amz- no others pass."
    )
