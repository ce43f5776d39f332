"""A peer of `serving.py`: FastAPI with pydantic models, as one would first write it, and no model.

python serving_pydantic.py PACKAGE PORT
"""

import sys
from datetime import datetime
from importlib import import_module
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field, create_model

_use_case = import_module(f"{sys.argv[1]}.usecase").active()
_fields: dict[str, Any] = {
    feature.name: (float, Field(ge=feature.low, le=feature.high)) for feature in _use_case.features
}
Features = create_model("Features", __config__=ConfigDict(extra="forbid", strict=True), **_fields)


class Row(BaseModel):
    """One hour to predict."""

    valid_time: datetime
    features: Features  # type: ignore[valid-type]


class Batch(BaseModel):
    """Many of them."""

    rows: list[Row] = Field(min_length=1, max_length=1000)


class Hour(BaseModel):
    """One predicted hour."""

    valid_time: datetime
    prediction: float
    lower: float
    upper: float


class Answer(BaseModel):
    """What comes back."""

    predictions: list[Hour]
    model_version: str


app = FastAPI(openapi_url=None)


@app.get("/health")
async def health() -> dict[str, str]:
    """It answers."""
    return {}


@app.post("/predict")
async def predict(body: Row | Batch) -> Answer:
    """Zeros."""
    rows = body.rows if isinstance(body, Batch) else [body]
    hours = [Hour(valid_time=row.valid_time, prediction=0, lower=0, upper=0) for row in rows]
    return Answer(predictions=hours, model_version="none")


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[2]), log_level="warning", access_log=False)
