"""What every request passes through: key, body size, concurrency, rate, time, headers, metrics.

A plain ASGI wrapper, so that a stream is passed on piece by piece. Requests to the public routes
skip the key and the limits on load: health can be read from a service that is busy.
"""

import asyncio
import hmac
import logging
import math
import secrets
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..clock import Clock
from ..config import Serve
from .metrics import Metrics
from .problems import ProblemError, overloaded

logger = logging.getLogger(__name__)

METHODS = frozenset({"GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"})
GRACE_S = 5.0
"""A request may take this much longer than `timeout_s`, by which the engine ends answers."""

_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
_PAGE_HEADERS = ((b"x-frame-options", b"DENY"), (b"referrer-policy", b"no-referrer"))
_DISCARD = 32
"""A body over the limit is read on to this many times the limit: a client that is still sending
would otherwise see a broken connection and not the answer."""


@dataclass
class _Answer:
    """What is known of the answer while it is being sent."""

    status: int = 0


class Gate:
    """ASGI middleware. Once `draining` is set, every answer closes its connection.

    `routes` bound the metrics' labels, `public` need no key, `pages` are HTML.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: Serve,
        metrics: Metrics,
        clock: Clock,
        draining: threading.Event,
        routes: Iterable[str],
        public: Iterable[str],
        pages: Iterable[str],
    ) -> None:
        self._app = app
        self._draining = draining
        self._limits = limits
        self._metrics = metrics
        self._routes = frozenset(routes)
        self._public = frozenset(public)
        self._pages = frozenset(pages)
        self._running = 0
        self._key = limits.api_key.get_secret_value().encode() if limits.api_key else None
        self._rate = Rate(limits.requests_per_minute, clock) if limits.requests_per_minute else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever goes wrong becomes an answer in one form."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = scope["request_id"] = secrets.token_hex(8)
        answer = _Answer()
        headers = [*_HEADERS, (b"x-request-id", request_id.encode())]
        if scope["path"] in self._pages:
            headers.extend(_PAGE_HEADERS)
        if self._draining.is_set():
            headers.append((b"connection", b"close"))

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                message["headers"] = [*message["headers"], *headers]
            await send(message)

        try:
            async with asyncio.timeout(self._limits.timeout_s + GRACE_S):
                await self._admit(scope, receive, send_marked)
        except ProblemError as problem:
            await self._explain(problem, answer, scope, receive, send_marked)
        except TimeoutError:
            slow = overloaded("The request took too long: send it faster, or try later.")
            await self._explain(slow, answer, scope, receive, send_marked)
        except Exception:  # the last resort: the log gets the traceback, the client does not
            logger.exception("request failed", extra={"request_id": request_id})
            bug = ProblemError(
                500, "The service failed. This is a bug: its log holds x-request-id.", "bug"
            )
            await self._explain(bug, answer, scope, receive, send_marked)
        finally:
            route = scope["path"] if scope["path"] in self._routes else "other"
            method = scope["method"] if scope["method"] in METHODS else "other"
            seconds = time.perf_counter() - started
            self._metrics.answered(route, method, answer.status or 499, seconds)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in self._public:
            await self._app(scope, self._bounded(receive), send)
            return
        if self._running >= self._limits.max_batch + self._limits.max_queue:
            raise overloaded("Too many requests are under way: try again in a second.")
        self._running += 1
        try:
            if self._rate and (wait := self._rate.wait(scope["client"])):
                raise ProblemError(
                    429,
                    f"That is more than the allowed requests a minute: try again in {wait} s.",
                    "rate_limit_exceeded",
                    headers={"Retry-After": str(wait)},
                )
            if self._key is not None and not self._has_key(scope):
                raise ProblemError(
                    401,
                    "The API key is missing or wrong: send it as Authorization: Bearer KEY.",
                    "invalid_api_key",
                    headers={"WWW-Authenticate": "Bearer"},
                )
            await self._app(scope, self._bounded(receive), send)
        finally:
            self._running -= 1

    def _has_key(self, scope: Scope) -> bool:
        assert self._key is not None
        for name, value in scope["headers"]:
            if name == b"authorization":
                scheme, _, key = value.partition(b" ")
                return scheme.lower() == b"bearer" and hmac.compare_digest(key, self._key)
        return False

    def _bounded(self, receive: Receive) -> Receive:
        """`receive` that raises ProblemError (413) once the body is longer than allowed.

        Bytes are counted as they come: a chunked body has no length to look at, and a server need
        not hold a client to the length it declared.
        """
        limit = self._limits.max_body_bytes
        size = 0

        async def bounded() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > limit:
                while message.get("more_body") and size <= _DISCARD * limit:
                    message = await receive()
                    size += len(message.get("body", b""))
                close = {"Connection": "close"} if message.get("more_body") else {}
                raise ProblemError(
                    413,
                    f"The body is larger than {limit} bytes: send less.",
                    "body_too_large",
                    headers=close,
                )
            return message

        return bounded

    async def _explain(
        self, problem: ProblemError, answer: _Answer, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if answer.status:  # the head has gone out: the connection can only be broken off
            raise ConnectionAbortedError(problem.message)
        await problem.response()(scope, receive, send)


class Rate:
    """A token bucket for each client address: `per_minute` at once, refilled evenly."""

    def __init__(self, per_minute: int, clock: Clock, most_clients: int = 10_000) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._most_clients = most_clients
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, client: tuple[str, int] | None) -> int:
        """Take one request's share: 0, or the whole seconds until there is one."""
        name = client[0] if client else ""
        now = self._clock.monotonic()
        tokens, before = self._buckets.pop(name, (float(self._per_minute), now))
        tokens = min(self._per_minute, tokens + (now - before) * self._per_minute / 60)
        granted = tokens >= 1
        if len(self._buckets) >= self._most_clients:
            del self._buckets[next(iter(self._buckets))]  # the one not seen for longest
        self._buckets[name] = (tokens - 1 if granted else tokens, now)
        return 0 if granted else math.ceil((1 - tokens) * 60 / self._per_minute)
