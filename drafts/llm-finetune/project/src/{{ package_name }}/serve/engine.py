"""The thread that answers: it lets new prompts join the rows under way, step after step.

A row that has ended makes room at once, so a short answer never waits for a long one. Rows of one
adapter form a batch; several adapters take turns on the same base model.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from ..clock import Clock
from ..errors import ModelError, NotReadyError, ProjectError
from .batch import Batch
from .models import Models
from .work import Delta, Work

logger = logging.getLogger(__name__)

_TURN = 4
"""Steps of one adapter before the next has its turn: switching costs about as much as a step."""

_PROMPT_TOKENS = 16_384
"""Prompt tokens, padding included, that are read in one go: bounds the memory that takes."""


class Engine:
    """Answers `Work`. `flush` is called after every step, once its pieces are delivered."""

    def __init__(
        self,
        models: Models,
        clock: Clock,
        *,
        max_batch: int,
        wait_s: float = 0.0,
        flush: Callable[[], None] = lambda: None,
    ) -> None:
        self._models = models
        self._clock = clock
        self._max_batch = max_batch
        self._wait_s = wait_s
        self._flush = flush
        self._waiting: deque[Work] = deque()
        self._errands: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._batches: dict[str, Batch] = {}
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self.steps = 0
        self.answered_rows = 0

    @property
    def queued(self) -> int:
        """Prompts that wait for a place."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """Rows under way."""
        return sum(len(batch.rows) for batch in tuple(self._batches.values()))

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step under way; what is not answered yet is told so."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def submit(self, work: Work) -> None:
        """Queue a piece of work; it is told through `work.deliver`."""
        with self._changed:
            self._waiting.append(work)
            self._changed.notify()

    def between_steps(self, errand: Callable[[], None]) -> "Future[None]":
        """Run something in the engine's thread, where the model stands still."""
        future: Future[None] = Future()
        with self._changed:
            self._errands.append((errand, future))
            self._changed.notify()
        return future

    def _run(self) -> None:
        import torch

        with torch.inference_mode():
            while self._await_work():
                self._run_errands()
                self._admit()
                self._advance()
                self._flush()
        for work in [*self._waiting, *(r.work for b in self._batches.values() for r in b.rows)]:
            self._fail(work, NotReadyError("The service is shutting down."))
        self._flush()

    def _await_work(self) -> bool:
        """Wait until there is something to do; False at the end.

        The first prompt after silence waits a little for others, which then share its reading.
        """
        with self._changed:
            idle = not (self._waiting or self._errands or self._batches or self._stopping)
            if idle:
                self._changed.wait_for(lambda: self._waiting or self._errands or self._stopping)
            if idle and self._wait_s and not self._stopping:
                full = self._max_batch
                self._changed.wait_for(
                    lambda: len(self._waiting) >= full or self._stopping, self._wait_s
                )
            return not self._stopping

    def _run_errands(self) -> None:
        while self._errands:
            errand, future = self._errands.popleft()
            try:
                errand()
                future.set_result(None)
            except Exception as error:  # noqa: BLE001 it is the caller's
                future.set_exception(error)

    def _admit(self) -> None:
        """Give free places to those who have waited longest, and read their prompts."""
        newcomers: dict[str, list[Work]] = {}
        free = self._max_batch - self.running
        longest = taken = 0
        now = self._clock.monotonic()
        while self._waiting and taken < free:
            work = self._waiting[0]
            longest = max(longest, len(work.prompt))
            if taken and longest * (taken + 1) > _PROMPT_TOKENS:
                break
            self._waiting.popleft()
            if work.cancelled:
                continue
            if now > work.deadline:
                self._fail(work, _too_slow())
                continue
            try:
                newcomers.setdefault(self._models.key(work.model), []).append(work)
            except KeyError:
                self._fail(work, ModelError(f"There is no model {work.model} any more."))
                continue
            taken += 1
        for key, works in newcomers.items():
            batch = self._batches.setdefault(key, self._empty_batch())
            self._guarded(key, batch, lambda: batch.join(works), works)  # noqa: B023 called at once

    def _empty_batch(self) -> Batch:
        models = self._models
        return Batch(models.model, models.device, models.tokenizer, models.ends)

    def _advance(self) -> None:
        """A turn of steps for every adapter; one turn alone is one step, so nobody waits long."""
        steps = _TURN if len(self._batches) > 1 else 1
        for key, batch in tuple(self._batches.items()):
            for _ in range(steps):
                self._drop_the_late(batch)
                batch.leave()
                if not batch.rows or not self._guarded(key, batch, batch.step, ()):
                    break
                batch.leave()
            if not batch.rows:
                self._batches.pop(key, None)
                self._models.discard_unused(set(self._batches))

    def _guarded(
        self,
        key: str,
        batch: Batch,
        forward: Callable[[], list[tuple[Work, Delta]]],
        newcomers: Any,
    ) -> bool:
        """Run the model and deliver; if it fails, its rows are told and the service goes on."""
        try:
            self._models.use(key)
            told = forward()
        except Exception:
            logger.exception("the model failed", extra={"rows": len(batch.rows)})
            for work in {*(row.work for row in batch.rows), *newcomers}:
                self._fail(work, ModelError("The model failed on this batch."))
            self._batches.pop(key, None)
            batch.rows.clear()
            self._flush()
            return False
        self.steps += 1
        self.answered_rows += len(told)
        for work, delta in told:
            if not work.cancelled:
                work.deliver(delta)
        self._flush()
        return True

    def _drop_the_late(self, batch: Batch) -> None:
        now = self._clock.monotonic()
        for row in batch.rows:
            if now > row.work.deadline and not row.work.cancelled:
                self._fail(row.work, _too_slow(), row.tokens)
                row.work.cancelled = True

    def _fail(self, work: Work, error: ProjectError, tokens: int = 0) -> None:
        if not work.cancelled:
            work.deliver(Delta("", tokens, "error", error))


def _too_slow() -> ProjectError:
    return ProjectError("The answer took too long.", "Ask for fewer tokens, or try later.")
