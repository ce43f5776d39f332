"""`POST /v1/chat/completions`: one prompt in, its answer out, at once or as it is written."""

import asyncio
import contextlib
import json
import logging
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from ..errors import ModelError, NotReadyError
from .problems import ProblemError, overloaded
from .redact import redact
from .schemas import ChatRequest
from .work import Delta, Work

if TYPE_CHECKING:
    from .app import Service

logger = logging.getLogger(__name__)

_LARGE = 16_000  # characters: from here on a thread makes the tokens, and others are not held up


class Mailbox:
    """Pieces on their way from the engine's thread to the event loop, which wakes once a step."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._pieces: list[tuple[asyncio.Queue[Delta], Delta]] = []

    def post(self, queue: "asyncio.Queue[Delta]", delta: Delta) -> None:
        """Called in the engine's thread."""
        self._pieces.append((queue, delta))

    def flush(self) -> None:
        """Called in the engine's thread, after every step."""
        if self._pieces:
            pieces, self._pieces = self._pieces, []
            with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody waits
                self._loop.call_soon_threadsafe(_hand_out, pieces)


def _hand_out(pieces: list[tuple["asyncio.Queue[Delta]", Delta]]) -> None:
    for queue, delta in pieces:
        queue.put_nowait(delta)


@dataclass
class Answer:
    """An answer under way, with what its end is counted by."""

    service: "Service"
    request: ChatRequest
    request_id: str
    work: Work
    queue: "asyncio.Queue[Delta]"
    began: float
    tokens: int = 0

    async def pieces(self) -> AsyncGenerator[Delta]:
        """What the engine tells, to the last piece. Raises ProblemError when it fails."""
        metrics = self.service.metrics
        finish = "cancelled"
        text = []
        try:
            while True:
                delta = await self.queue.get()
                if delta.error is not None:
                    finish = "error"
                    raise _problem(delta)
                if self.tokens == 0:
                    metrics.first_token(self.work.model, time.perf_counter() - self.began)
                self.tokens = delta.tokens
                text.append(delta.text)
                if delta.finish:
                    finish = delta.finish
                yield delta
                if delta.finish:
                    return
        finally:
            self.work.cancelled = True  # after the last piece this changes nothing
            metrics.finished(self.work.model, finish, len(self.work.prompt), self.tokens)
            self._log(finish, "".join(text))

    def usage(self) -> dict[str, int]:
        """Tokens read and written so far."""
        prompt = len(self.work.prompt)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": self.tokens,
            "total_tokens": prompt + self.tokens,
        }

    def frame(self, kind: str) -> dict[str, Any]:
        """The fields that a whole answer and a piece share."""
        return {
            "id": f"chatcmpl-{self.request_id}",
            "object": kind,
            "created": int(self.service.clock.now().timestamp()),
            "model": self.work.model,
        }

    def _log(self, finish: str, text: str) -> None:
        """One line an answer; what was said stands in it only where the configuration asks."""
        facts: dict[str, Any] = {
            "request_id": self.request_id,
            "model": self.work.model,
            "finish": finish,
            **self.usage(),
            "seconds": round(time.perf_counter() - self.began, 4),
        }
        if self.service.config.serve.log_prompts:
            turns = self.request.conversation
            facts["messages"] = [{**turn, "content": redact(turn["content"])} for turn in turns]
            facts["answer"] = redact(text)
        logger.info("answered", extra=facts)


def _problem(delta: Delta) -> ProblemError:
    error = delta.error
    if isinstance(error, NotReadyError):
        return overloaded(error.message, retry_after=5)
    if isinstance(error, ModelError):
        return ProblemError(500, error.message, "model_failed")
    return overloaded("The answer took too long: ask for fewer tokens, or try later.")


async def complete(service: "Service", request: ChatRequest, request_id: str) -> Response:
    """Answer a chat request. Raises ProblemError for what cannot be answered."""
    models, engine, mailbox = service.parts()
    request.refuse_what_is_not_done()
    service.check_model(request.model)
    most = request.token_limit(service.config.serve.max_tokens)
    messages = request.conversation
    size = sum(len(message["content"]) for message in messages)
    if size > _LARGE:
        ids = await asyncio.to_thread(service.prompts.ids, messages)
    else:
        ids = service.prompts.ids(messages)
    queue: asyncio.Queue[Delta] = asyncio.Queue()
    work = Work(
        model=request.model,
        prompt=ids,
        max_tokens=min(most, models.window - len(ids)),
        deliver=lambda delta: mailbox.post(queue, delta),
        deadline=service.clock.monotonic() + service.config.serve.timeout_s,
        sampling=request.sampling,
        stop=request.stops,
    )
    answer = Answer(service, request, request_id, work, queue, time.perf_counter())
    engine.submit(work)
    return Stream(answer) if request.stream else Whole(answer)


async def _until_gone(receive: Receive, gone: Callable[[], object]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone()


class _Sent(Response):
    """An answer that stops being written when its client hangs up."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write it while listening for the end of the connection."""
        sending = asyncio.create_task(self._send(scope, receive, send))
        listening = asyncio.create_task(_until_gone(receive, sending.cancel))
        try:
            await sending
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                sending.cancel()
                raise
        finally:
            self._answer.work.cancelled = True
            listening.cancel()

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        raise NotImplementedError


class Whole(_Sent):
    """The answer in one piece."""

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer, text, finish = self._answer, [], ""
        async with contextlib.aclosing(answer.pieces()) as pieces:
            async for delta in pieces:
                text.append(delta.text)
                finish = delta.finish
        message = {"role": "assistant", "content": "".join(text)}
        content = {
            **answer.frame("chat.completion"),
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": answer.usage(),
        }
        await JSONResponse(content)(scope, receive, send)


class Stream(_Sent):
    """The answer as server-sent events; an error after the first piece is an event too."""

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = self._answer
        frame = answer.frame("chat.completion.chunk")
        usage = {"usage": None} if answer.request.usage_in_stream else {}
        head = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"x-accel-buffering", b"no"),  # a proxy that collects pieces would undo the stream
        ]

        def piece(delta: dict[str, str], finish: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            return _event({**frame, "choices": [choice], **usage})

        async def write(data: bytes, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": data, "more_body": more})

        started = False
        try:
            async with contextlib.aclosing(answer.pieces()) as pieces:
                async for delta in pieces:
                    data = b""
                    if not started:
                        started = True
                        start = {"type": "http.response.start", "status": 200, "headers": head}
                        await send(start)
                        data = piece({"role": "assistant", "content": ""})
                    if delta.text:
                        data += piece({"content": delta.text})
                    if delta.finish:
                        data += piece({}, delta.finish)
                    if data:
                        await write(data)
        except ProblemError as problem:
            if not started:
                raise
            await write(_event(problem.content()), more=False)
            return
        last = _event({**frame, "choices": [], "usage": answer.usage()}) if usage else b""
        await write(last + b"data: [DONE]\n\n", more=False)


def _event(content: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(content, ensure_ascii=False).encode() + b"\n\n"
