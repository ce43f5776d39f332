"""How fast the service is on this machine: every feature on, one core, over loopback.

Beside it runs the ceiling (`serve/ceiling.py`: same framework, same validation, no model), in
alternating turns, so that what the machine does otherwise hits both. The service works on a copy of
the champion in a temporary folder: its prediction log does not mix with the real one.
"""

import json
import secrets
import shutil
import statistics
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import CLI, runs
from ..clock import Clock
from ..config import Settings
from ..errors import NotReadyError, ProjectError
from ..files import read_json
from ..process import Server, cores, started
from ..progress import Progress, quiet
from ..usecase import active
from .load import Load, Target, apply_load, generator

ROUNDS = 3
CONNECTIONS = 16
BATCH_ROWS = 100


@dataclass(frozen=True)
class BenchResult:
    """Medians over the rounds; `p50_ms` and `p95_ms` of one connection, the rest under load."""

    p50_ms: float
    p95_ms: float
    connections: int
    requests_per_s: float
    p99_ms: float
    batch_rows: int
    batch_rows_per_s: float
    ceiling_requests_per_s: float
    ceiling_p99_ms: float
    ceiling_batch_rows_per_s: float
    share_of_ceiling: float
    start_s: float
    memory_mib: float | None
    log_dropped: int
    model_version: str
    model_kind: str
    generator: str
    pinned: bool
    seconds: float
    table: tuple[str, ...]


def bench(
    settings: Settings, clock: Clock, *, seconds: float = 3.0, progress: Progress = quiet
) -> BenchResult:
    """Measure for about `seconds` a load (one connection, 16, batches) and server.

    Raises NotReadyError before a champion has been promoted.
    """
    if not settings.champion_pointer.is_file():
        raise NotReadyError("There is no champion to measure.", f"Run `{CLI} promote`.")
    ours, theirs = (*cores(), None, None)[:2]
    if theirs is None:
        ours = None  # with one processor there is nothing to keep apart
    key = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        data_dir, bundle = _copy_champion(settings, Path(folder))
        environment = {
            "CONFIG": str(settings.root / "config.toml"),
            "DATA_DIR": str(data_dir),
            "SERVE__API_KEY": key,
            "SERVE__MODE": "production",
        }
        with (
            started("serve", clock, core=ours, environment=environment) as service,
            started("serve.ceiling", clock, core=ours) as ceiling,
        ):
            found = _alternate((service, ceiling), key, seconds, theirs, progress)
            dropped = _dropped(service)
            memory = service.memory_mib
    result = _summary(
        found,
        start_s=round(service.start_s, 2),
        memory_mib=memory and round(memory, 1),
        log_dropped=dropped,
        model_version=str(bundle["version"]),
        model_kind=str(bundle["kind"]),
        generator=generator(),
        pinned=ours is not None,
        seconds=seconds,
    )
    runs.record(settings, "bench", clock, result, source=str(bundle["source"]))
    return result


def _copy_champion(settings: Settings, folder: Path) -> tuple[Path, dict[str, Any]]:
    """A data folder with nothing but the champion, and its `bundle.json`."""
    pointer = read_json(settings.champion_pointer)
    source = settings.models_dir / pointer["folder"]
    models = folder / "data" / "models"
    shutil.copytree(source, models / pointer["folder"])
    shutil.copy(settings.champion_pointer, models / settings.champion_pointer.name)
    return folder / "data", read_json(source / "bundle.json")


def request_row() -> dict[str, Any]:
    """A row in the middle of all ranges."""
    features = {f.name: float((f.low + f.high) // 2) for f in active().features}
    return {"valid_time": "2026-01-31T12:00:00Z", "features": features}


def _alternate(
    servers: tuple[Server, Server],
    key: str,
    seconds: float,
    core: int | None,
    progress: Progress,
) -> dict[tuple[str, str], list[Load]]:
    """Loads by name and server, a list of rounds each. Raises ProjectError on a failed request."""
    one = json.dumps(request_row()).encode()
    batch = json.dumps({"rows": [request_row()] * BATCH_ROWS}).encode()
    plan = (("one", one, 1), ("many", one, CONNECTIONS), ("batch", batch, 4))
    found: dict[tuple[str, str], list[Load]] = {}
    done, total = 0, ROUNDS * len(plan) * len(servers)
    for _ in range(ROUNDS):
        for name, body, connections in plan:
            for label, server in zip(("service", "ceiling"), servers, strict=True):
                progress(f"bench: {label}, {name}", done, total)
                target = Target(server.port, "/predict", body, (("X-API-Key", key),))
                load = apply_load(target, connections, seconds / ROUNDS, core=core)
                if load.errors:
                    raise ProjectError(
                        f"{load.errors} of {load.answers} requests to the {label} failed."
                    )
                found.setdefault((name, label), []).append(load)
                done += 1
    return found


def _dropped(server: Server) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    return int(float(text.split("\nprediction_log_dropped_total ")[1].split("\n")[0]))


def _summary(found: dict[tuple[str, str], list[Load]], **facts: Any) -> BenchResult:
    def median(name: str, server: str, field: str) -> float:
        return float(statistics.median(getattr(load, field) for load in found[name, server]))

    rate, top = (median("many", which, "requests_per_s") for which in ("service", "ceiling"))
    rows, top_rows = (
        median("batch", which, "requests_per_s") * BATCH_ROWS for which in ("service", "ceiling")
    )
    p50, p95 = (median("one", "service", field) for field in ("p50_ms", "p95_ms"))
    p99, top_p99 = (median("many", which, "p99_ms") for which in ("service", "ceiling"))
    # Turns that follow each other share the machine's state, so the ratio is taken turn by turn.
    pairs = zip(found["many", "service"], found["many", "ceiling"], strict=True)
    share = statistics.median(ours.requests_per_s / best.requests_per_s for ours, best in pairs)
    memory = f", {facts['memory_mib']:.0f} MiB" if facts["memory_mib"] else ""
    table = (
        f"{'':<12}{'p50':>9}{'p95':>9}{f'p99, c{CONNECTIONS}':>11}{'requests/s':>12}{'rows/s':>11}",
        f"{'service':<12}{p50:>6.2f} ms{p95:>6.2f} ms{p99:>8.1f} ms{rate:>12,.0f}{rows:>11,.0f}",
        f"{'ceiling':<12}{median('one', 'ceiling', 'p50_ms'):>6.2f} ms"
        f"{median('one', 'ceiling', 'p95_ms'):>6.2f} ms{top_p99:>8.1f} ms{top:>12,.0f}"
        f"{top_rows:>11,.0f}",
        f"{share:.2f} of an app without a model; started in {facts['start_s']:.2f} s{memory}; "
        f"load by {facts['generator']}",
    )
    return BenchResult(
        p50_ms=round(p50, 3),
        p95_ms=round(p95, 3),
        connections=CONNECTIONS,
        requests_per_s=round(rate, 1),
        p99_ms=round(p99, 2),
        batch_rows=BATCH_ROWS,
        batch_rows_per_s=round(rows, 1),
        ceiling_requests_per_s=round(top, 1),
        ceiling_p99_ms=round(top_p99, 2),
        ceiling_batch_rows_per_s=round(top_rows, 1),
        share_of_ceiling=round(share, 3),
        table=table,
        **facts,
    )
