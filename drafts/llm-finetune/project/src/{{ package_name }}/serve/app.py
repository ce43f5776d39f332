"""The application: what its routes share, the routes, and how it starts and ends."""

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from .. import __version__, golden
from ..causes import explained
from ..clock import Clock
from ..config import Config
from ..errors import ProjectError
from ..runs import RunFolder
from ..tiny import LABEL
from . import chat, page
from .engine import Engine
from .limits import Gate
from .metrics import Metrics, ServiceCollector
from .models import BASE, TUNED, TUNED_DPO, Models
from .problems import ProblemError, overloaded
from .prompts import Prompts
from .schemas import ChatRequest, parsed

logger = logging.getLogger(__name__)

CHAT = "/v1/chat/completions"
ROUTES = ("/", CHAT, "/v1/models", "/examples", "/live", "/ready", "/metrics")
PUBLIC = ("/", "/live", "/ready", "/metrics")
DEVELOPMENT_ONLY = ("/docs", "/openapi.json")
_LOOK_S = 2.0  # how often the run's folder is looked at for new adapters


class Service:
    """What the routes share. The model is loaded beside them; `/ready` says when it is there."""

    def __init__(self, config: Config, run: RunFolder, clock: Clock) -> None:
        self.config = config
        self.run = run
        self.clock = clock
        self.metrics = Metrics()
        self.metrics.registry.register(ServiceCollector(self))
        self.draining = threading.Event()
        self.models: Models | None = None
        self.engine: Engine | None = None
        self.prompts: Prompts
        self._mailbox: chat.Mailbox | None = None
        self._failure: ProjectError | None = None
        self._stopping = threading.Event()
        self._keeper: threading.Thread | None = None

    def trouble(self) -> str | None:
        """Why requests are not welcome now, or None."""
        if self.draining.is_set():
            return "The service is shutting down."
        if self._failure is not None:
            return self._public(f"{self._failure.message} {self._failure.hint}".rstrip())
        if self.engine is None or self.models is None:
            return "The model is being loaded."
        for name in (TUNED, TUNED_DPO):
            problem = self.models.problems.get(name)
            if problem is not None and name not in self.models.names:
                return self._public(f"{problem.message} {problem.hint}".rstrip())
        return None

    def warnings(self) -> list[str]:
        """What does not work although requests are answered."""
        if self.models is None:
            return []
        found = [self._public(problem.message) for problem in self.models.problems.values()]
        if len(self.models.names) == 1:
            found.append("This run has no adapter: only the base model is served.")
        elif not self.models.goldens:
            found.append("No golden prompts: nothing proves that the template is the trained one.")
        return found

    def parts(self) -> tuple[Models, Engine, chat.Mailbox]:
        """What answers requests. Raises ProblemError (503) while it is not there."""
        trouble = self.trouble()
        models, engine, mailbox = self.models, self.engine, self._mailbox
        if trouble or models is None or engine is None or mailbox is None:
            raise overloaded(trouble or "The model is being loaded.", retry_after=5)
        return models, engine, mailbox

    def check_model(self, name: str) -> None:
        """Raise ProblemError (404) when no model of that name is served."""
        names = self.parts()[0].names
        if name not in names:
            raise ProblemError(
                404,
                f"There is no such model here. There are: {', '.join(names)}.",
                "model_not_found",
                param="model",
            )

    def examples(self) -> list[list[dict[str, str]]]:
        """Prompts to try: the golden ones of the run."""
        for adapter in (self.run.adapter_dpo, self.run.adapter):
            with contextlib.suppress(ProjectError):
                if prompts := golden.read(adapter):
                    return [messages for messages, _ in prompts]
        return []

    @property
    def title(self) -> str:
        """What the page is headed: run and base model."""
        base = LABEL if self.config.is_tiny else self.config.model.base
        return f"{self.run.name} on {base}"

    def _public(self, text: str) -> str:
        """Without the folder that the files lie in: that is nobody's business outside."""
        return text.replace(f"{self.config.root}{os.sep}", "")

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Load beside the routes; at the end, stop the engine."""
        self._mailbox = chat.Mailbox(asyncio.get_running_loop())
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self._keeper.start()
        try:
            yield
        finally:
            self._stopping.set()
            await asyncio.to_thread(self._keeper.join)
            if self.engine is not None:
                await asyncio.to_thread(self.engine.stop)

    def _keep(self) -> None:
        """Load the model, then look for new adapters until the end."""
        try:
            self._load()
        except ProjectError as error:
            self._failure = error
        except Exception as error:
            self._failure = explained(error) or ProjectError("The model cannot be loaded.")
            logger.exception("the model cannot be loaded")
        if self._failure is not None:
            logger.error(self._failure.message, extra={"hint": self._failure.hint})
            return
        while not self._stopping.wait(_LOOK_S):
            self.refresh()

    def _load(self) -> None:
        assert self._mailbox is not None
        serve = self.config.serve
        if self.config.threads is not None:
            import torch

            torch.set_num_threads(self.config.threads)
        models = Models(self.config, self.run)
        models.refresh()
        self.prompts = Prompts(models.tokenizer, models.window)
        engine = Engine(
            models,
            self.clock,
            max_batch=serve.max_batch,
            wait_s=serve.batch_wait_ms / 1000,
            flush=self._mailbox.flush,
        )
        engine.start()
        self.models, self.engine = models, engine

    def refresh(self) -> None:
        """Take adapters that came or changed into use, between two steps of the engine."""
        if self.models is not None and self.engine is not None and self.models.changed():
            try:
                self.engine.between_steps(self.models.refresh).result(timeout=60)
            except Exception:  # what is in use stays in use
                logger.exception("adapters were not taken into use")


def create_app(
    config: Config, run: RunFolder, clock: Clock, service: Service | None = None
) -> FastAPI:
    """The ASGI application; nothing is read or opened before its lifespan starts."""
    service = service or Service(config, run, clock)
    production = config.serve.mode == "production"
    app = FastAPI(
        title=service.title,
        version=__version__,
        lifespan=service.lifespan,
        docs_url=None if production else "/docs",
        openapi_url=None if production else "/openapi.json",
        redoc_url=None,
        exception_handlers={
            HTTPException: _http_error,
            ProblemError: _told,
        },
    )
    app.state.service = service
    app.add_middleware(
        Gate,
        limits=config.serve,
        metrics=service.metrics,
        clock=clock,
        draining=service.draining,
        routes=ROUTES,
        public=PUBLIC if production else PUBLIC + DEVELOPMENT_ONLY,
        pages=("/", "/docs"),
    )
    _add_model_routes(app, service)
    _add_state_routes(app, service)
    return app


def _add_model_routes(app: FastAPI, service: Service) -> None:
    schema = {"application/json": {"schema": ChatRequest.model_json_schema()}}

    @app.post(
        CHAT,
        response_model=None,
        openapi_extra={"requestBody": {"required": True, "content": schema}},
    )
    async def completions(request: Request) -> Response:
        """Answer a conversation with the model named in it, whole or as a stream."""
        body = parsed(await request.body())
        return await chat.complete(service, body, request.scope["request_id"])

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        """The base model and the adapters on it."""
        names = service.parts()[0].names
        return {"object": "list", "data": [_model(service, name) for name in names]}

    @app.get("/v1/models/{name}")
    async def model(name: str) -> dict[str, Any]:
        """One of them."""
        service.check_model(name)
        return _model(service, name)

    @app.get("/examples")
    async def examples() -> dict[str, Any]:
        """Prompts to try; with the key only, for they stem from the training data."""
        return {"examples": service.examples()}


def _model(service: Service, name: str) -> dict[str, Any]:
    parent = None if name == BASE else BASE
    owner = service.config.model.base if name == BASE else service.run.name
    return {"id": name, "object": "model", "created": 0, "owned_by": owner, "parent": parent}


def _add_state_routes(app: FastAPI, service: Service) -> None:
    @app.get("/live")
    async def live() -> dict[str, str]:
        """The process answers; a restart is needed where it does not."""
        return {"status": "alive"}

    @app.get("/ready")
    async def ready() -> dict[str, Any]:
        """Whether to send requests here, and if not, why not."""
        models = service.parts()[0]
        return {
            "status": "ready",
            "models": models.names,
            "golden_prompts": models.goldens,
            "warnings": service.warnings(),
        }

    @app.get("/metrics", response_model=None)
    async def metrics() -> Response:
        """Prometheus' text format."""
        return Response(
            service.metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8"
        )

    @app.get("/", response_model=None)
    async def index() -> Response:
        """Base and tuned model side by side."""
        return page.render(service)


async def _told(_request: Request, problem: Any) -> JSONResponse:
    response: JSONResponse = problem.response()
    return response


async def _http_error(_request: Request, error: Any) -> JSONResponse:
    """404 and 405 of the router, in the one form."""
    allowed = (error.headers or {}).get("Allow", "")
    message = f"This address takes {allowed}." if allowed else "There is nothing at this address."
    code = "method_not_allowed" if allowed else "not_found"
    return ProblemError(error.status_code, message, code, headers=error.headers).response()
