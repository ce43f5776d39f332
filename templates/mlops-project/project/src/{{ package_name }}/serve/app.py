"""The application: what its routes share, the routes, and how it starts and ends."""

import contextlib
import os
import threading
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from .. import __version__
from ..clock import Clock
from ..config import Settings
from ..usecase import active
from . import openapi, page
from .champion import Champion, ChampionSlot, Watcher
from .forecast import ForecastSlot
from .limits import Gate
from .metrics import Metrics, ServiceCollector
from .predict import Predict
from .prediction_log import PredictionLog
from .problems import ProblemError, overloaded
from .schemas import Forecast, Live, Ready, RequestTypes

_encode = msgspec.json.Encoder().encode
JSON = "application/json"
ROUTES = ("/", "/predict", "/forecast", "/model", "/health/live", "/health/ready", "/metrics")
PUBLIC = ("/", "/health/live", "/health/ready", "/metrics")
DEVELOPMENT_ONLY = ("/docs", "/openapi.json")


class Service:
    """What the routes share, with its start and its end."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.use_case = active()
        self.requests = RequestTypes(self.use_case, settings.serve.max_rows)
        self.log = PredictionLog(
            settings.predictions,
            clock,
            batch=settings.serve.log_batch,
            interval_s=settings.serve.log_interval_s,
        )
        self.champions = ChampionSlot(settings.models_dir, settings.champion_pointer, self.use_case)
        self.forecasts = ForecastSlot(settings, self.use_case, self.log, clock)
        self.metrics = Metrics()
        self.metrics.registry.register(ServiceCollector(self))
        self.draining = threading.Event()
        self._watcher = Watcher(self.refresh)

    @property
    def ready(self) -> bool:
        """Whether predictions can be made, and new requests are welcome."""
        return self.champions.current is not None and not self.draining.is_set()

    def champion(self) -> Champion:
        """The model in use. Raises ProblemError (503) while there is none."""
        champion = self.champions.current
        if champion is None:
            raise overloaded(*self.trouble(), retry_after=5)
        return champion

    def forecast(self) -> Forecast:
        """The newest forecast. Raises ProblemError (503) while there is none."""
        self.champion()
        forecast = self.forecasts.at(self.clock.now())
        if forecast is None:
            raise overloaded(*self.trouble(), retry_after=60)
        return forecast

    def trouble(self) -> tuple[str, str]:
        """Why there is no model, or else no forecast, and what to do about it."""
        no_model = self.champions.current is None
        problem = self.champions.problem if no_model else self.forecasts.problem
        return (self._public(problem.message), problem.hint) if problem else ("", "")

    def warnings(self) -> list[str]:
        """What does not work although predictions can be made."""
        found = [self.log.error] if self.log.error else []
        if self.log.dropped:
            found.append(f"{self.log.dropped} predictions are missing from the log.")
        problems = (self.champions.problem, self.forecasts.problem)
        found += [f"{problem.message} {problem.hint}".rstrip() for problem in problems if problem]
        return [self._public(text) for text in found]

    def _public(self, text: str) -> str:
        """Without the folder that the data lie in: that is nobody's business outside."""
        return text.replace(f"{self.settings.data_dir}{os.sep}", "")

    def refresh(self) -> None:
        """Look for a new champion and a new issue."""
        self.champions.refresh()
        self.forecasts.refresh(self.champions.current)

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Load, then watch; at the end, write the log out."""
        self.log.start()
        self.refresh()
        self._watcher.start()
        try:
            yield
        finally:
            self._watcher.stop()
            self.log.close()


def create_app(settings: Settings, clock: Clock, service: Service | None = None) -> FastAPI:
    """The ASGI application; nothing is read or opened before its lifespan starts."""
    service = service or Service(settings, clock)
    production = settings.serve.mode == "production"
    predict = Predict(service)
    app = FastAPI(
        routes=[Route("/predict", predict, methods=["POST"])],
        title=service.use_case.title,
        version=__version__,
        lifespan=service.lifespan,
        docs_url=None if production else "/docs",
        openapi_url=None if production else "/openapi.json",
        redoc_url=None,
        exception_handlers={HTTPException: _http_error},
    )
    app.state.service = service
    app.add_middleware(
        Gate,
        limits=settings.serve,
        metrics=service.metrics,
        clock=clock,
        draining=service.draining,
        routes=ROUTES,
        public=PUBLIC if production else PUBLIC + DEVELOPMENT_ONLY,
        pages=("/", "/docs"),
        direct={("POST", "/predict"): predict},
    )
    _add_forecast_routes(app, service)
    _add_state_routes(app, service)
    openapi.install(app, service.requests, with_key=settings.serve.api_key is not None)
    return app


def _add_forecast_routes(app: FastAPI, service: Service) -> None:
    @app.get("/forecast", **openapi.FORECAST)
    async def forecast() -> Response:
        """The newest issue for the place: 24 hours, their mean, and whether it is an alert."""
        return Response(_encode(service.forecast()), media_type=JSON)

    @app.get("/model", **openapi.MODEL)
    async def model() -> Response:
        """What the champion is: kind, training data, metrics, features with their ranges."""
        champion = service.champion()
        return Response(_encode(champion.bundle.info), media_type=JSON)


def _add_state_routes(app: FastAPI, service: Service) -> None:
    @app.get("/health/live", **openapi.LIVE)
    async def live() -> Response:
        """The process answers; a restart is needed where it does not."""
        return Response(_encode(Live("alive")), media_type=JSON)

    @app.get("/health/ready", **openapi.READY)
    async def ready() -> Response:
        """Whether to send requests here: there is a champion whose files have been verified."""
        champion = service.champion()
        if service.draining.is_set():
            raise overloaded("The service is shutting down.", "Ask another instance.")
        return Response(
            _encode(Ready("ready", champion.version, service.warnings())), media_type=JSON
        )

    @app.get("/metrics", **openapi.METRICS)
    async def metrics() -> Response:
        """Prometheus' text format."""
        return Response(
            service.metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8"
        )

    @app.get("/", **openapi.PAGE)
    async def index() -> Response:
        """The forecast as a page."""
        return page.render(service)


async def _http_error(request: Request, error: Any) -> Response:
    """404 and 405 of the router, in the one form."""
    remedy = "GET / shows what there is." if error.status_code == 404 else ""
    allowed = (error.headers or {}).get("Allow", "")
    problem = ProblemError(
        error.status_code,
        "There is nothing at this address." if not allowed else "This address takes other methods.",
        remedy or f"Use {allowed}.",
        error.headers,
    )
    return problem.response(request.scope["request_id"])
