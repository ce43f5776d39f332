"""Errors as OpenAI's clients read them: what is wrong and what to do about it."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

_KINDS = {
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    500: "server_error",
}


class ProblemError(Exception):
    """Raised anywhere below a route; becomes the answer. It never repeats what was sent."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.headers = dict(headers or {})

    def content(self) -> dict[str, Any]:
        """The body, also that of an error in the middle of a stream."""
        kind = _KINDS.get(self.status, "invalid_request_error")
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return {"error": error}

    def response(self) -> JSONResponse:
        """The answer that tells it."""
        return JSONResponse(self.content(), self.status, self.headers)


def invalid(message: str, param: str) -> ProblemError:
    """422: a field that is there and wrong, or asks for what the service does not do."""
    return ProblemError(422, message, "invalid_value", param=param)


def overloaded(message: str, *, retry_after: int = 1) -> ProblemError:
    """503 with the seconds after which to come back."""
    return ProblemError(503, message, "overloaded", headers={"Retry-After": str(retry_after)})
