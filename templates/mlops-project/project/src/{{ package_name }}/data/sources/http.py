"""One polite HTTP client: quotas kept, faults outwaited, refusals passed on in the source's words.

Worth another attempt: 429, 500, 502, 503, 504, a time-out, a connection that breaks, a body that
breaks off. Not worth one: 400 and every other refusal, and a day's quota that is gone. Waits grow
exponentially with full jitter (Brooker, "Exponential Backoff And Jitter", AWS 2015).
"""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from ... import CLI, NAME, __version__
from ...clock import Clock
from ...errors import SourceError
from ...words import counted
from . import body
from .base import OnWait
from .quota import Quota

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
CONNECT_ATTEMPTS = 3
OVERLOADED = {500, 502, 503, 504}


@dataclass(frozen=True)
class Reply:
    """A whole JSON answer: its bytes, its content, the URL asked, and what it took to get it."""

    data: bytes
    document: dict[str, Any]
    url: str
    cost: float
    attempts: int


class RefusedError(SourceError):
    """The source understood the request and will not serve it (HTTP 400)."""


@dataclass(frozen=True)
class _Fault:
    """A failed attempt: what kind, what to tell the user, and how long to wait at least."""

    kind: str
    message: str
    hint: str
    wait_s: float | None = None
    attempts: int | None = None


class ApiClient:
    """GET requests for JSON, one at a time. `retries` counts the faults met, by kind."""

    def __init__(
        self,
        clock: Clock,
        quota: Quota,
        *,
        timeout_s: float,
        max_attempts: int,
        jitter: random.Random,
        on_wait: OnWait = lambda reason, waited, seconds: None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._clock = clock
        self._quota = quota
        self._max_attempts = max_attempts
        self._jitter = jitter
        self._on_wait = on_wait
        self.requests = 0
        self.retries: Counter[str] = Counter()
        self._http = httpx.Client(
            timeout=timeout_s,
            transport=transport,
            headers={"User-Agent": f"{NAME}/{__version__}"},
            # A server on this machine is never reached through the network's proxy.
            mounts={"all://127.0.0.1": None, "all://localhost": None},
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, url: str, params: Mapping[str, str | int | float], cost: float = 1.0) -> Reply:
        """The JSON object at `url`; `cost` is what a successful call counts.

        Raises RefusedError with the API's own reason for HTTP 400, and SourceError with a remedy
        when the attempts or the day's quota are used up or the answer is not the API's.
        """
        spent = self._quota.spent
        attempt = 0
        while True:
            attempt += 1
            self._wait_for_quota(cost)
            outcome = self._attempt(url, params, cost)
            if not isinstance(outcome, _Fault):
                response, document = outcome
                return Reply(
                    data=response.content,
                    document=document,
                    url=str(response.url),
                    cost=self._quota.spent - spent,
                    attempts=attempt,
                )
            self.retries[outcome.kind] += 1
            if attempt >= min(self._max_attempts, outcome.attempts or self._max_attempts):
                tried = counted(attempt, "attempt")
                raise SourceError(f"{outcome.message} ({tried}).", outcome.hint)
            self._wait(outcome, attempt)

    def _wait_for_quota(self, cost: float) -> None:
        while (seconds := self._quota.delay(cost)) > 0:
            self._pause("the API's quota", seconds)

    def _wait(self, fault: _Fault, attempt: int) -> None:
        ceiling = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (attempt - 1))
        seconds = self._jitter.uniform(0, ceiling) + (fault.wait_s or 0.0)
        self._pause(fault.kind, seconds)

    def _pause(self, reason: str, seconds: float) -> None:
        """Wait, and tell of every second of it: a quota may take an hour."""
        waited = 0.0
        while waited < seconds:
            self._on_wait(reason, waited, seconds)
            step = min(1.0, seconds - waited)
            self._clock.sleep(step)
            waited += step
        self._on_wait(reason, seconds, seconds)

    def _attempt(
        self, url: str, params: Mapping[str, str | int | float], cost: float
    ) -> tuple[httpx.Response, dict[str, Any]] | _Fault:
        host = url.partition("://")[2].partition("/")[0]
        self.requests += 1
        try:
            response = self._http.get(url, params=dict(params))
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return _Fault(
                "connection",
                f"No connection to {host}: {error or 'time-out'}",
                f"Check network and base URL. `{CLI} collect --source simulated` needs neither.",
                attempts=CONNECT_ATTEMPTS,
            )
        except httpx.TimeoutException:
            self._quota.book(1.0)
            return _Fault("time-out", f"{host} did not answer in time", "Try again later.")
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            self._quota.book(1.0)
            return _Fault(
                "connection", f"The connection to {host} broke: {error}", "Try again later."
            )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as error:
            raise SourceError(
                f"{url} is not a usable address: {str(error).rstrip('.')}.",
                "Write the base URL like https://example.org (collect.base_url, --base-url).",
            ) from None
        except httpx.HTTPError as error:
            raise SourceError(
                f"The request to {host} failed: {error}.", "Check the base URL."
            ) from None
        self._quota.book(cost if response.status_code == 200 else 1.0)
        if response.status_code != 200:
            return self._refused(response, host)
        try:
            document = body.decode(response.content)
        except body.BrokenBodyError as error:
            return _Fault(
                "broken body", f"{host} broke off its answer: {error}", "Try again later."
            )
        if document.get("error"):
            raise RefusedError(f"{host} refuses: {document.get('reason', 'no reason given')}.")
        return response, document

    def _refused(self, response: httpx.Response, host: str) -> _Fault:
        """The fault behind a status other than 200. Raises where another attempt is of no use."""
        status, reason = response.status_code, _reason(response)
        if status == 429:
            return self._limited(host, reason or "too many requests")
        if status in OVERLOADED:
            return _Fault(
                f"HTTP {status}",
                f"{host} answers {status}: {reason or 'no reason given'}",
                "Try again later.",
            )
        if status == 400 and reason:
            raise RefusedError(
                f"{host} refuses: {reason.rstrip('.')}.",
                "Correct what it names in config.toml or in the command.",
            )
        raise _wrong_address(response, reason)

    def _limited(self, host: str, reason: str) -> _Fault:
        now = self._clock.now()
        text = reason.casefold()
        if "daily" in text:
            raise SourceError(
                f"{host} refuses: {reason.rstrip('.')}. What was collected is kept.",
                f"Run `{CLI} collect` again tomorrow: it goes on from here.",
            )
        wait = None
        if "hourly" in text:
            wait = 3600.0 - (now.minute * 60 + now.second)
        elif "minutely" in text:
            wait = 60.0 - now.second
        return _Fault("HTTP 429", f"{host} refuses: {reason.rstrip('.')}", "Try again later.", wait)


def _reason(response: httpx.Response) -> str:
    """The API's own words for a refusal, empty where the body is not the API's."""
    try:
        document = body.decode(response.content)
    except (body.BrokenBodyError, SourceError):
        return ""
    reason = document.get("reason")
    return reason if isinstance(reason, str) else ""


def _wrong_address(response: httpx.Response, reason: str) -> SourceError:
    said = f" ({reason.rstrip('.')})" if reason else ""
    return SourceError(
        f"{response.url.copy_with(query=None)} answers HTTP {response.status_code}{said}: "
        "this is not the Open-Meteo API.",
        "Check the base URL (collect.base_url, --base-url); without one the public API is used.",
    )
