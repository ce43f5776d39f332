"""What `/openapi.json` says: the bodies come from msgspec, not from pydantic models."""

import copy
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from .problems import MEDIA_TYPE
from .schemas import RequestTypes, components

_PROBLEMS = {
    401: "The API key is missing or wrong.",
    413: "The body is too large.",
    422: "The body does not fit its schema.",
    429: "Too many requests a minute; `Retry-After` says when to come back.",
    500: "A bug.",
    503: "Not ready, or too busy; the remedy says which command to run.",
}
_KEY = "ApiKey"


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _content(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {media_type: {"schema": schema}}}


def _problem(status: int) -> dict[str, Any]:
    return {"description": _PROBLEMS[status], **_content(MEDIA_TYPE, _ref("Problem"))}


def _route(media_type: str, schema: dict[str, Any], *problems: int) -> dict[str, Any]:
    """Arguments of a FastAPI route: its 200 and the problems it can answer with."""
    responses: dict[int, Any] = {200: {"description": "Done.", **_content(media_type, schema)}}
    responses |= {status: _problem(status) for status in (*problems, 500)}
    return {"responses": responses, "response_class": Response}


# A plain Starlette route, which FastAPI leaves out of its document.
_PREDICT = {
    "summary": "Predict",
    "description": "Predict one hour, or as many as `rows` holds.",
    "operationId": "predict",
    "requestBody": {
        "required": True,
        **_content("application/json", {"anyOf": [_ref("Row"), _ref("Batch")]}),
    },
    "responses": {
        "200": {
            "description": "Done.",
            **_content("application/json", {"anyOf": [_ref("Prediction"), _ref("Predictions")]}),
        },
        **{str(status): _problem(status) for status in (413, 422, 429, 500, 503)},
    },
}

FORECAST = _route("application/json", _ref("Forecast"), 429, 503)
MODEL = _route("application/json", {"type": "object"}, 429, 503)
LIVE = _route("application/json", _ref("Live"))
READY = _route("application/json", _ref("Ready"), 503)
METRICS = _route("text/plain", {"type": "string"})
PAGE = _route("text/html", {"type": "string"})
_WITH_KEY = ("/predict", "/forecast", "/model")


def install(app: FastAPI, requests: RequestTypes, *, with_key: bool) -> None:
    """Make `app.openapi()` describe the bodies, and the key where one is set."""

    def document() -> dict[str, Any]:
        if app.openapi_schema:
            return app.openapi_schema
        schema = get_openapi(title=app.title, version=app.version, routes=app.routes)
        schema["paths"] = {"/predict": {"post": copy.deepcopy(_PREDICT)}, **schema["paths"]}
        parts = schema.setdefault("components", {})
        parts.setdefault("schemas", {}).update(components(requests))
        if with_key:
            parts["securitySchemes"] = {
                _KEY: {"type": "apiKey", "in": "header", "name": "X-API-Key"}
            }
            for path in _WITH_KEY:
                for operation in schema["paths"][path].values():
                    operation["security"] = [{_KEY: []}]
                    operation["responses"]["401"] = _problem(401)
        app.openapi_schema = schema
        return schema

    app.openapi = document  # type: ignore[method-assign]
