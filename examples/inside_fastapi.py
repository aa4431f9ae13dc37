"""An application that the gateway protects from inside; its policy is inside-fastapi.yaml."""  # noqa: INP001 - it is run where it stands

import os
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Header, Security, WebSocket

from ostiary.asgi.fastapi import Principal, principal, protect

Reader = Annotated[Principal, Security(principal, scopes=["accounts:read"])]
Owner = Annotated[Principal, Security(principal, scopes=["accounts:read", "accounts:close"])]

app = FastAPI(title="Accounts")
protect(app, os.environ.get("OSTIARY_CONFIG", Path(__file__).with_name("inside-fastapi.yaml")))


@app.get("/accounts/{number}")
async def account(number: str, caller: Reader, x_subject: Annotated[str, Header()]) -> dict[str, str]:
    """Tell of an account."""
    return {"number": number, "caller": caller.subject, "header": x_subject}


@app.delete("/accounts/{number}")
async def close(number: str, caller: Owner) -> dict[str, str]:
    """Close it."""
    return {"closed": number, "by": caller.subject}


@app.websocket("/feed")
async def feed(socket: WebSocket, caller: Annotated[Principal, Security(principal)]) -> None:
    """Tell what happens."""
    await socket.accept()
    await socket.send_text(f"welcome, {caller.subject}")
    await socket.close()


@app.get("/health")
async def health() -> str:
    """Nobody is asked who they are."""
    return "well"
