"""What every request passes through: key, body size, concurrency, rate, time, headers, metrics.

A plain ASGI wrapper: it costs a few microseconds, where a middleware with a task of its own costs
as much as the prediction. Requests to the public routes skip the key and the limits on load, so
that health can be read from a service that is busy.
"""

import asyncio
import hmac
import logging
import math
import secrets
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..clock import Clock
from ..config import Serve
from .metrics import Metrics
from .problems import ProblemError, overloaded

logger = logging.getLogger(__name__)

METHODS = frozenset({"GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"})
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

    `routes` bound the metrics' labels, `public` need no key, `pages` are HTML. `direct` are
    endpoints by method and path that are called from here, past the router, which takes as long as
    a small model.
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
        direct: Mapping[tuple[str, str], ASGIApp],
    ) -> None:
        self._app = app
        self._draining = draining
        self._limits = limits
        self._metrics = metrics
        self._routes = frozenset(routes)
        self._public = frozenset(public)
        self._pages = frozenset(pages)
        self._direct = dict(direct)
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
                message["headers"].extend(headers)
            await send(message)

        try:
            async with asyncio.timeout(self._limits.timeout_s):
                await self._admit(scope, receive, send_marked)
        except ProblemError as problem:
            await self._explain(problem, answer, scope, receive, send_marked)
        except TimeoutError:
            slow = overloaded("The request took too long.", "Send less at once, or try later.")
            await self._explain(slow, answer, scope, receive, send_marked)
        except Exception:  # the last resort: the log gets the traceback, the client does not
            logger.exception("request failed", extra={"request_id": request_id})
            bug = ProblemError(
                500, "The service failed.", "This is a bug: its log holds the request_id."
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
        if self._running >= self._limits.max_concurrency:
            raise overloaded("Too many requests are under way.", "Try again in a second.")
        self._running += 1
        try:
            if self._rate and (wait := self._rate.wait(scope["client"])):
                raise ProblemError(
                    429,
                    "That is more than the allowed requests a minute.",
                    f"Try again in {wait} s.",
                    {"Retry-After": str(wait)},
                )
            if self._key is not None and not self._has_key(scope):
                raise ProblemError(
                    401,
                    "The API key is missing or wrong.",
                    "Send it in the header X-API-Key.",
                    {"WWW-Authenticate": 'ApiKey header="X-API-Key"'},
                )
            endpoint = self._direct.get((scope["method"], scope["path"]), self._app)
            await endpoint(scope, self._bounded(receive), send)
        finally:
            self._running -= 1

    def _has_key(self, scope: Scope) -> bool:
        assert self._key is not None
        for name, value in scope["headers"]:
            if name == b"x-api-key":
                return hmac.compare_digest(value, self._key)
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
                    f"The body is larger than {limit} bytes.",
                    "Send fewer rows at once.",
                    close,
                )
            return message

        return bounded

    async def _explain(
        self, problem: ProblemError, answer: _Answer, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if answer.status:  # the head has gone out: the connection can only be broken off
            raise ConnectionAbortedError(problem.detail)
        await problem.response(scope["request_id"])(scope, receive, send)


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
