"""A load on one address: `connections` clients that each send the next request once answered.

Uses `wrk` where it is installed. The generator in here is enough for a service on one core, but it
costs as much processor time as the service does, so it wants a core of its own.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from ..errors import ProjectError
from ..process import cores, pin

MOST_REQUESTS = 2_000_000
"""Latencies are kept one by one; a load ends here even if its time is not over."""

_WRK_SCRIPT = """
wrk.method = "POST"
function init(arguments)
  local file = io.open(arguments[1])
  wrk.body = file:read("*a")
  file:close()
  wrk.headers["Content-Type"] = "application/json"
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format(
    '{"answers": %d, "errors": %d, "seconds": %f, "p50": %f, "p95": %f, "p99": %f}\\n',
    summary.requests, e.connect + e.read + e.write + e.status + e.timeout,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(95) / 1e3,
    latency:percentile(99) / 1e3))
end
"""


@dataclass(frozen=True)
class Target:
    """A POST to 127.0.0.1, repeated."""

    port: int
    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Load:
    """What came back; latencies are milliseconds from the request to the end of its answer."""

    answers: int
    errors: int
    seconds: float
    p50_ms: float
    p95_ms: float
    p99_ms: float

    @property
    def requests_per_s(self) -> float:
        """Answers a second, all connections together."""
        return self.answers / self.seconds


def generator() -> str:
    """Which generator this machine uses."""
    return "wrk" if shutil.which("wrk") else "python"


def apply_load(
    target: Target, connections: int, seconds: float, *, core: int | None = None
) -> Load:
    """Load `target` for that long; the generator stays on processor `core` if one is given.

    Raises ProjectError when nothing answers.
    """
    before = cores()
    pin(0, core)
    try:
        run = _with_wrk if generator() == "wrk" else _with_asyncio
        found = run(target, connections, seconds)
    finally:
        if core is not None and sys.platform == "linux":
            os.sched_setaffinity(0, before)
    if not found.answers:
        raise ProjectError(f"Nothing answers on port {target.port}.", "See the service's log.")
    return found


def _with_wrk(target: Target, connections: int, seconds: float) -> Load:
    with tempfile.TemporaryDirectory() as folder:
        script, body = Path(folder, "post.lua"), Path(folder, "body")
        script.write_text(_WRK_SCRIPT, encoding="utf-8")
        body.write_bytes(target.body)
        headers = [part for key, value in target.headers for part in ("-H", f"{key}: {value}")]
        url = f"http://127.0.0.1:{target.port}{target.path}"
        sizes = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
        done = subprocess.run(
            ["wrk", *sizes, *headers, "-s", str(script), url, "--", str(body)],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=seconds + 30,
            check=False,
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise ProjectError(f"wrk failed: {done.stderr.strip() or done.stdout.strip()}.")
    found = json.loads(lines[-1])
    return Load(
        found["answers"],
        found["errors"],
        found["seconds"],
        found["p50"],
        found["p95"],
        found["p99"],
    )


def _with_asyncio(target: Target, connections: int, seconds: float) -> Load:
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_drive(target, connections, seconds))


def _loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.Loop


async def _drive(target: Target, connections: int, seconds: float) -> Load:
    headers = "".join(f"{key}: {value}\r\n" for key, value in target.headers)
    request = (
        f"POST {target.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"{headers}Content-Length: {len(target.body)}\r\n\r\n"
    ).encode() + target.body
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    made = [
        await loop.create_connection(
            lambda: _Client(request, began + seconds, MOST_REQUESTS // connections),
            "127.0.0.1",
            target.port,
        )
        for _ in range(connections)
    ]
    async with asyncio.timeout(seconds + 30):
        await asyncio.gather(*(client.ended for _, client in made))
    elapsed = time.perf_counter() - began
    latencies = np.array([one for _, client in made for one in client.latencies])
    errors = sum(client.errors for _, client in made)
    if not len(latencies):
        return Load(0, errors, elapsed, 0.0, 0.0, 0.0)
    p50, p95, p99 = (float(part) for part in np.percentile(latencies * 1e3, [50, 95, 99]))
    return Load(len(latencies), errors, elapsed, p50, p95, p99)


class _Client(asyncio.Protocol):
    """One connection. Answers are told apart by their Content-Length, which the service sends."""

    def __init__(self, request: bytes, until: float, most: int) -> None:
        self.latencies: list[float] = []
        self.errors = 0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request = request
        self._until = until
        self._most = most
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        if not separator:
            return
        start = head.lower().index(b"content-length:") + 15
        if len(body) < int(head[start:].split(b"\r\n", 1)[0]):
            return
        now = time.perf_counter()
        self.latencies.append(now - self._sent)
        self.errors += not head.startswith(b"HTTP/1.1 200")
        self._received = b""
        if now < self._until and len(self.latencies) < self._most:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.errors += exc is not None
        if not self.ended.done():
            self.ended.set_result(None)

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request)
