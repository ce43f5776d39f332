"""The fastest this service could be: the same framework and validation, and no model.

`bench` measures it beside the real one; what lies between them is the model, the key, the limits,
the metrics and the log.
"""

import sys

import msgspec
import uvicorn
from fastapi import FastAPI, Request
from starlette.responses import Response

from ..usecase import active
from .schemas import Hour, Prediction, Predictions, RequestTypes


def create_ceiling(max_rows: int = 1000) -> FastAPI:
    """An application whose `POST /predict` decodes as the service does and answers 0."""
    use_case = active()
    decode = RequestTypes(use_case, max_rows).decode
    encode = msgspec.json.Encoder().encode
    app = FastAPI(openapi_url=None)

    @app.get("/health/ready")
    async def ready() -> Response:
        return Response(b"{}", media_type="application/json")

    @app.post("/predict")
    async def predict(request: Request) -> Response:
        rows = decode(await request.body())
        common = (use_case.unit, 0.9, "none", "none", "none")
        answer: Prediction | Predictions = (
            Prediction(rows.valid_times[0], 0.0, 0.0, 0.0, *common)
            if rows.single
            else Predictions([Hour(time, 0.0, 0.0, 0.0) for time in rows.valid_times], *common)
        )
        return Response(encode(answer), media_type="application/json")

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_ceiling(), port=int(sys.argv[1]), log_level="warning", access_log=False, ws="none"
    )
