"""Clients that ask a chat API at the same time and read their answers as they come.

Standard library only, so that the same load can be put on any server of that API.
"""

import http.client
import json
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Asked:
    """A request: seconds to its first text and to its end, tokens; `error` says why it failed."""

    first_s: float
    whole_s: float
    tokens: int
    error: str = ""


def apply_load(
    port: int,
    bodies: Sequence[dict[str, Any]],
    streams: int,
    *,
    key: str | None = None,
    timeout_s: float = 120.0,
    done: Callable[[int], None] = lambda count: None,
) -> tuple[list[Asked], float]:
    """Ask all `bodies`, `streams` at a time; what came of each, and the seconds they took together.

    `done` is called after every answer with the number of answers so far.
    """
    todo: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for body in bodies:
        todo.put(json.dumps({**body, "stream": True}).encode())
    found: list[Asked] = []
    lock = threading.Lock()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
        while True:
            try:
                body = todo.get_nowait()
            except queue.Empty:
                connection.close()
                return
            asked = _ask(connection, body, key)
            with lock:
                found.append(asked)
                done(len(found))

    clients = [threading.Thread(target=client, daemon=True) for _ in range(streams)]
    began = time.perf_counter()
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    return found, time.perf_counter() - began


def _ask(connection: http.client.HTTPConnection, body: bytes, key: str | None) -> Asked:
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {key}"
    began = time.perf_counter()
    first, tokens, error, finished = 0.0, 0, "", False
    try:
        connection.request("POST", "/v1/chat/completions", body, headers)
        answer = connection.getresponse()
        if answer.status != 200:
            answer.read()
            return Asked(0.0, time.perf_counter() - began, 0, f"status {answer.status}")
        for line in answer:
            if not line.startswith(b"data: ") or line.startswith(b"data: [DONE]"):
                continue
            event = json.loads(line[6:])
            if "error" in event:
                error = str(event["error"])
                break
            tokens = max(tokens, (event.get("usage") or {}).get("completion_tokens", 0))
            for choice in event.get("choices", ()):
                finished = finished or bool(choice.get("finish_reason"))
                if not first and (choice["delta"].get("content") or finished):
                    first = time.perf_counter() - began
    except (OSError, http.client.HTTPException, ValueError) as caught:
        connection.close()
        error = type(caught).__name__
    if not error and not finished:
        error = "the stream ended without an end of the answer"
    return Asked(first, time.perf_counter() - began, tokens, error)
