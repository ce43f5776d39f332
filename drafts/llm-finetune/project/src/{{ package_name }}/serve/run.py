"""Starting and stopping: refuse what is unsafe, bind, serve, drain.

On SIGTERM or Ctrl-C the service says "not ready", tells every client to close its connection after
the answer it waits for, stops accepting, writes the answers under way to their end and leaves with
exit code 0.
"""

import asyncio
import ipaddress
import logging
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from .. import CLI, ENV_PREFIX
from ..clock import Clock
from ..config import Config, Serve
from ..errors import ConfigError
from ..runs import RunFolder
from .app import Service, create_app
from .limits import GRACE_S
from .models import sources

logger = logging.getLogger(__name__)

SHORTEST_KEY = 16
_PLACEHOLDERS = ("change-me", "changeme", "your-", "example", "placeholder", "secret-key", "xxxx")
_NEW_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
_DRAIN_S = 0.3


def run(
    config: Config,
    run: RunFolder,
    clock: Clock,
    *,
    host: str | None = None,
    port: int | None = None,
    on_start: Callable[[str], None] = lambda address: None,
) -> None:
    """Serve until SIGTERM or Ctrl-C; `on_start` gets the address once connections are accepted.

    Raises ConfigError where the mode, the key and the address do not go together, where the port is
    in use, and for an adapter whose name is taken.
    """
    host = host or config.serve.host
    check_key(config.serve, host)
    sources(config, run)
    listener = bind(host, config.serve.port if port is None else port)
    service = Service(config, run, clock)
    settings = uvicorn.Config(
        create_app(config, run, clock, service),
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=int(config.serve.timeout_s + GRACE_S) + 1,
    )
    with listener:
        Server(settings, service, lambda: on_start(_address(listener))).run(sockets=[listener])


def check_key(serve: Serve, host: str) -> None:
    """Refuse to serve without a key where others could reach the service."""
    remedy = f"Set {ENV_PREFIX}SERVE__API_KEY in the environment or .env; a new key: {_NEW_KEY}"
    if serve.api_key is None:
        if serve.mode == "production":
            raise ConfigError("Production mode needs an API key.", remedy)
        if not _is_loopback(host):
            raise ConfigError(
                f"Without an API key the service listens on this machine only, not on {host}.",
                remedy,
            )
        return
    key = serve.api_key.get_secret_value()
    if any(word in key.lower() for word in _PLACEHOLDERS):
        raise ConfigError("The API key is a placeholder.", remedy)
    if len(key) < SHORTEST_KEY or not key.isascii():
        raise ConfigError(
            f"The API key has fewer than {SHORTEST_KEY} characters, or some that are not ASCII.",
            remedy,
        )


def bind(host: str, port: int) -> socket.socket:
    """A bound socket. Raises ConfigError where the address or the port cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ConfigError(f"{host} is no address of this machine: {error}.") from None
    try:
        if hasattr(signal, "SIGHUP"):  # on Windows the option would allow two servers on one port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"Port {port} on {host} cannot be used: {error.strerror}.",
            f"Stop what listens there, or choose another: `{CLI} serve --port {port + 1}`.",
        ) from None
    return listener


class Server(uvicorn.Server):
    """uvicorn, with an orderly end: exit code 0, and no request cut off."""

    def __init__(self, config: uvicorn.Config, service: Service, started: Callable[[], None]):
        super().__init__(config)
        self._service = service
        self._on_start = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell the address."""
        await super().startup(sockets)
        self._on_start()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal ends in order; a second Ctrl-C at once.

        (uvicorn's own handler raises the signal again at the end: the exit code would tell of a
        kill.)
        """
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain before the connections are closed.

        A connection that is closed while the client sends its next request loses that request. So
        for a moment each answer carries `Connection: close`; then nothing new is accepted; then
        uvicorn answers what is left and closes.
        """
        self._service.draining.set()
        await asyncio.sleep(_DRAIN_S)
        for server in self.servers:
            server.close()
        await asyncio.sleep(_DRAIN_S)
        await super().shutdown(sockets)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
