"""`POST /predict`, the one route that has to be fast: plain ASGI inside the FastAPI application.

It has no parameters for FastAPI to resolve and no response model to apply; leaving out what does
that, and the router, saves more time than the model takes. The model computes in the event loop:
one row takes some tens of microseconds, less than handing it to a thread would.
"""

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from starlette.types import Receive, Scope, Send

from .champion import Champion, Predicted
from .prediction_log import Entry
from .schemas import Hour, Prediction, Predictions, Rows

if TYPE_CHECKING:
    from .app import Service

_encode = msgspec.json.Encoder().encode


class Predict:
    """The ASGI endpoint; problems are raised as ProblemError and told by the gate."""

    def __init__(self, service: "Service") -> None:
        self._service = service
        self._decode = service.requests.decode
        self._unit = service.use_case.unit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Decode, predict, log, answer."""
        champion = self._service.champion()
        rows = self._decode(await _body(receive))
        made = champion.predict(rows.features)
        request_id: str = scope["request_id"]
        now = self._service.clock.now()
        self._service.log.add(_entry(request_id, champion, rows, made, now))
        self._service.metrics.predicted(champion.version, len(rows.valid_times))
        body = _encode(self._answer(request_id, champion, rows, made))
        head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})

    def _answer(
        self, request_id: str, champion: Champion, rows: Rows, made: Predicted
    ) -> Prediction | Predictions:
        hours = zip(
            rows.valid_times,
            made.prediction.tolist(),
            made.lower.tolist(),
            made.upper.tolist(),
            strict=True,
        )
        common = (self._unit, champion.level, champion.version, champion.source, request_id)
        if rows.single:
            return Prediction(*(*next(hours), *common))
        return Predictions([Hour(*hour) for hour in hours], *common)


async def _body(receive: Receive) -> bytes:
    """All of the body, which most often is one message."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts = [body]
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)


def _entry(
    request_id: str, champion: Champion, rows: Rows, made: Predicted, now: datetime
) -> Entry:
    return Entry(
        request_id=request_id,
        endpoint="predict",
        model_version=champion.version,
        valid_times=rows.valid_times,
        lead_hours=made.lead_hours,
        predictions=made.prediction,
        lower=made.lower,
        upper=made.upper,
        features=rows.features,
        logged_at=now,
    )
