"""What every request passes: a limit on its body, and headers that keep the browser at home."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from api.errors import build_problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "content-security-policy": PAGE_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class SecurityHeaders:
    """Adds the headers that a response has not set itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the headers of its response."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)


class BodyLimit:
    """Refuses a request whose body is larger than ``limit_bytes``, declared or not.

    ``larger`` has limits of their own for addresses that begin so.
    """

    def __init__(
        self, app: ASGIApp, limit_bytes: int, larger: Mapping[str, int] | None = None
    ) -> None:
        self.app = app
        self.limit_bytes = limit_bytes
        self.larger = dict(larger or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, then pass the request on with it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit_bytes = self._limit_bytes(scope["path"])
        declared = Headers(scope=scope).get("content-length", "0")
        is_too_large = declared.isdecimal() and int(declared) > limit_bytes
        body = None if is_too_large else await self._read(receive, limit_bytes)
        if body is None:
            await self._refuse(scope, receive, send, limit_bytes)
            return
        await self.app(scope, _replay(body, receive), send)

    def _limit_bytes(self, path: str) -> int:
        own = (limit for start, limit in self.larger.items() if path.startswith(start))
        return next(own, self.limit_bytes)

    async def _read(self, receive: Receive, limit_bytes: int) -> bytes | None:
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if len(body) > limit_bytes:
                return None
            if not message.get("more_body", False):
                return bytes(body)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, limit_bytes: int) -> None:
        problem = build_problem(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            detail=f"the body is larger than the {limit_bytes} bytes allowed",
            instance=scope["path"],
            name="body-too-large",
        )
        await problem(scope, receive, send)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Give the body that has been read as one message, then what else comes."""
    first: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return first.pop() if first else await receive()

    return receive_again
