"""Errors as `application/problem+json` (RFC 9457): what is wrong, and what to do about it."""

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from msgspec import Struct
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class Problem(Struct):
    """The body of every answer that is no success. It never repeats what was sent."""

    title: str
    status: int
    detail: str
    remedy: str
    request_id: str


class ProblemError(Exception):
    """Raised anywhere below a route; becomes the answer."""

    def __init__(
        self, status: int, detail: str, remedy: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.remedy = remedy
        self.headers = dict(headers or {})

    def response(self, request_id: str) -> Response:
        """The answer that tells it."""
        problem = Problem(
            title=HTTPStatus(self.status).phrase,
            status=self.status,
            detail=self.detail,
            remedy=self.remedy,
            request_id=request_id,
        )
        body = msgspec.json.encode(problem)
        return Response(body, self.status, self.headers, media_type=MEDIA_TYPE)


def overloaded(detail: str, remedy: str, *, retry_after: int = 1) -> ProblemError:
    """503 with the seconds after which to come back."""
    return ProblemError(503, detail, remedy, {"Retry-After": str(retry_after)})
