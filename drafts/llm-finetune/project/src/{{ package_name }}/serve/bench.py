"""How fast the service is on this machine: concurrent streams on prompts of the test set."""

import itertools
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from ..clock import Clock
from ..config import Config
from ..data import read
from ..errors import ProjectError
from ..process import started
from ..progress import Progress, quiet
from ..runs import RunFolder
from .load import Asked, apply_load
from .models import BASE, TUNED, TUNED_DPO

MAX_TOKENS = 48


@dataclass(frozen=True)
class BenchResult:
    """Times in milliseconds of `requests` streams, `streams` at the same time."""

    model: str
    streams: int
    requests: int
    errors: int
    first_token_p50_ms: float
    first_token_p95_ms: float
    answer_p50_ms: float
    answer_p95_ms: float
    requests_per_s: float
    tokens_per_s: float
    alone_first_token_ms: float
    alone_requests_per_s: float
    start_s: float
    memory_mib: float | None
    table: tuple[str, ...]


def bench(
    config: Config,
    run: RunFolder,
    clock: Clock,
    *,
    streams: int = 16,
    requests: int = 96,
    progress: Progress = quiet,
) -> BenchResult:
    """Serve the run in a process of its own, with key and limits on, and ask it.

    Raises ProjectError when a request fails, and NotReadyError before there are data.
    """
    test = read(run.data).test
    model = BASE
    for name, adapter in ((TUNED, run.adapter), (TUNED_DPO, run.adapter_dpo)):
        model = name if adapter.is_dir() else model
    most = min(MAX_TOKENS, config.serve.max_tokens)
    rows = list(itertools.islice(itertools.cycle(test), requests))
    bodies = [
        {
            "model": model,
            "messages": row.prompt,
            "max_tokens": most,
            "stream_options": {"include_usage": True},
        }
        for row in rows
    ]
    key = secrets.token_urlsafe(24)
    environment = {
        "SERVE__API_KEY": key,
        "SERVE__MODE": "production",
        "SERVE__REQUESTS_PER_MINUTE": "0",
        "SERVE__MAX_QUEUE": str(max(streams, config.serve.max_queue)),
    }
    with started(["serve", "--run", run.name], clock, environment=environment) as server:
        apply_load(server.port, bodies[:streams], streams, key=key)  # first passes are slower
        alone, alone_s = apply_load(server.port, bodies[: max(4, requests // 12)], 1, key=key)
        found, seconds = apply_load(
            server.port,
            bodies,
            streams,
            key=key,
            done=lambda count: progress("bench: streams", count, requests),
        )
        memory = server.memory_mib
    return summary(
        model, streams, found, seconds, alone, alone_s, server.start_s, memory and round(memory, 1)
    )


def summary(
    model: str,
    streams: int,
    found: Sequence[Asked],
    seconds: float,
    alone: Sequence[Asked],
    alone_s: float,
    start_s: float,
    memory_mib: float | None,
) -> BenchResult:
    """Figures of the answers. Raises ProjectError when none came."""
    good = [asked for asked in found if not asked.error]
    if not good:
        raise ProjectError(f"No request was answered: {found[0].error if found else 'none sent'}.")
    errors = len(found) - len(good)
    first = [1000 * asked.first_s for asked in good]
    whole = [1000 * asked.whole_s for asked in good]
    rate = len(good) / seconds
    tokens = sum(asked.tokens for asked in good) / seconds
    alone_first = percentile([1000 * asked.first_s for asked in alone], 50)
    alone_rate = len(alone) / alone_s
    memory = f", {memory_mib:.0f} MiB" if memory_mib else ""
    table = (
        f"{model}, {len(found)} requests, {streams} at a time: {errors} errors",
        f"{'':<18}{'p50':>10}{'p95':>10}",
        f"{'first token':<18}{percentile(first, 50):>7.0f} ms{percentile(first, 95):>7.0f} ms",
        f"{'whole answer':<18}{percentile(whole, 50):>7.0f} ms{percentile(whole, 95):>7.0f} ms",
        f"{rate:.1f} requests/s, {tokens:.0f} tokens/s; one stream alone: {alone_rate:.1f} "
        f"requests/s, first token after {alone_first:.0f} ms",
        f"started in {start_s:.1f} s{memory}",
    )
    return BenchResult(
        model=model,
        streams=streams,
        requests=len(found),
        errors=errors,
        first_token_p50_ms=round(percentile(first, 50), 2),
        first_token_p95_ms=round(percentile(first, 95), 2),
        answer_p50_ms=round(percentile(whole, 50), 2),
        answer_p95_ms=round(percentile(whole, 95), 2),
        requests_per_s=round(rate, 2),
        tokens_per_s=round(tokens, 1),
        alone_first_token_ms=round(alone_first, 2),
        alone_requests_per_s=round(alone_rate, 2),
        start_s=round(start_s, 2),
        memory_mib=memory_mib,
        table=table,
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]
