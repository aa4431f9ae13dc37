"""A token of an HSM, and our session there: opened when first needed, opened anew when it is lost.

A wrong PIN is tried once and never again: after a few of them an HSM locks itself, or forgets its keys.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, ClassVar, Final, NoReturn, TypeVar

import structlog

from ostiary.keys.hsm.module import Module
from ostiary.model import Secret
from ostiary.sealed.errors import AccessDenied, Misconfigured, NotFound, SecretError, Unavailable

T = TypeVar("T")
log = structlog.get_logger("ostiary.keys")

_LOST: Final = ("SessionHandleInvalid", "SessionClosed", "UserNotLoggedIn", "KeyHandleInvalid", "ObjectHandleInvalid")
_GONE: Final = ("DeviceError", "DeviceRemoved", "TokenNotPresent", "TokenNotRecognised", "NoSuchToken", "GeneralError")
_NO_PIN: Final = ("PinIncorrect", "PinInvalid", "PinLenRange", "PinExpired", "PinLocked", "UserPinNotInitialized")
_CANNOT: Final = ("MechanismInvalid", "MechanismParamInvalid", "FunctionNotSupported", "KeyTypeInconsistent")


class Login:
    """Our session with one token. The same for all who name it: a process logs in to a token once.

    Args:
        module: the library.
        token: the label of the token.
        pin: the PIN of its user.
        patience: seconds for one call.
    """

    _all: ClassVar[dict[tuple[str, str], Login]] = {}

    def __init__(self, module: Module, token: str, pin: Secret, patience: float) -> None:
        self.module = module
        self.token = token
        self._pin = pin
        self._patience = patience
        self._session: Any = None
        self._refused: str | None = None
        self._users = 0
        self._generation = 0

    @classmethod
    def of(cls, module: Module, token: str, pin: Secret, patience: float) -> Login:
        """Return the login of a token; with another PIN it is another login."""
        known = cls._all.get((module.path, token))
        if known is None or not known.has(pin):
            known = cls._all[module.path, token] = cls(module, token, pin, patience)
        return known

    def has(self, pin: Secret) -> bool:
        """Whether this is the PIN."""
        return hmac.compare_digest(self._pin.reveal(), pin.reveal())

    def take(self) -> None:
        """Count one more who uses it."""
        self._users += 1

    async def release(self) -> None:
        """Count one less; the last one closes the session."""
        self._users -= 1
        if self._users == 0:
            await self.module.call(self._close, patience=self._patience)

    async def call(self, function: Callable[[Any, int], T]) -> T:
        """Call a function in the thread of the library with our session, and its number: handles live as long as it.

        A session that was lost is opened anew, once; then the call is made once more.

        Raises:
            SecretError: why not.
        """
        return await self.module.call(self._call, function, patience=self._patience)

    def _call(self, function: Callable[[Any, int], T]) -> T:
        import pkcs11  # noqa: PLC0415 - an extra

        try:
            return function(self._opened(), self._generation)
        except pkcs11.PKCS11Error as error:
            if type(error).__name__ not in (*_LOST, *_GONE):
                self._refuse(error)
            log.warning("session with the HSM lost", token=self.token, error=type(error).__name__)
            gone = type(error).__name__ in _GONE
        try:
            self._close()
            if gone:
                self.module.begin_anew()
            return function(self._opened(), self._generation)
        except pkcs11.PKCS11Error as error:
            self._refuse(error)

    def _opened(self) -> Any:
        if self._session is None:
            if self._refused is not None:
                raise AccessDenied(f"token {self.token}: {self._refused} before, so the PIN is not tried again")
            self._session = self.module.library().get_token(token_label=self.token).open(user_pin=self._pin_text())
            self._generation += 1
            log.info("logged in to the HSM", token=self.token)
        return self._session

    def _pin_text(self) -> str:
        return self._pin.reveal().decode()

    def _close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            try:
                session.close()
            except Exception as error:  # noqa: BLE001 - it is lost already, in whatever way
                log.debug("session was closed already", token=self.token, error=type(error).__name__)

    def _refuse(self, error: Exception) -> NoReturn:
        """Raise what an error of the library means."""
        name = type(error).__name__
        if name in _NO_PIN:
            self._refused = f"the PIN was not accepted ({name})"
        raise _meaning(name)(f"token {self.token}: {self._refused or name}") from None


def _meaning(name: str) -> type[SecretError]:
    if name in _NO_PIN:
        return AccessDenied
    if name in _CANNOT:
        return Misconfigured
    return NotFound if name == "NoSuchKey" else Unavailable
