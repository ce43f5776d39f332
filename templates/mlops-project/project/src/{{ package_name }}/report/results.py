"""`reports/results.json`: the committed summary of the runs, from which every block is written.

Run records lie in `data/`, which git ignores. A clone without them still renders the same README
and can tell whether it is stale.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .. import runs
from ..config import Settings
from ..data.store import RawStore
from ..errors import DataError
from ..files import read_json
from ..provenance import LIVE
from ..usecase import active
from . import summaries

SCHEMA = 1
Results = dict[str, Any]


def results_file(settings: Settings) -> Path:
    """Where the summary stands; unlike `data/`, it is committed."""
    return settings.root / "reports" / "results.json"


def empty(settings: Settings) -> Results:
    """The results of a project in which nothing ran."""
    use_case, place = active(), settings.place
    return {
        "schema": SCHEMA,
        "title": use_case.title,
        "unit": use_case.unit,
        "source": None,
        "stand_ins": [],
        "place": {"name": place.name, "latitude": place.latitude, "longitude": place.longitude},
        "price_per_hour": settings.report.price_per_hour,
        "currency": settings.report.currency,
        "project": None,
        "pictures": {},
        "runs": {},
    }


def stored(settings: Settings) -> Results | None:
    """The committed results; None where there are none. Raises DataError when they are damaged."""
    path = results_file(settings)
    if not path.exists():
        return None
    content = read_json(path)
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise DataError(
            f"{path} is not of schema {SCHEMA}.", "Delete it and write the report again."
        )
    return {**empty(settings), **content}


def gather(settings: Settings, before: Results | None) -> Results:
    """The newest run of each kind; what is not in `data/` is taken from the results `before`.

    Runs on data of one label never mix with runs on data of another.
    """
    results = empty(settings)
    found = {kind: _run(settings, kind) for kind in summaries.BY_KIND}
    present = {kind: run for kind, run in found.items() if run}
    source = runs.data_source(settings) or _newest_source(present)
    if before and (source is None or before["source"] == source):
        source = before["source"]
        results["runs"] = dict(before["runs"])
        results["pictures"] = before["pictures"]
        results["stand_ins"] = before["stand_ins"]
    results["source"] = source
    if settings.raw_dir.exists():
        results["stand_ins"] = _stand_ins(settings)
    for kind, run in present.items():
        older = results["runs"].get(kind)
        if run["source"] in (source, None) and not (older and older["record"] > run["record"]):
            results["runs"][kind] = run
    return results


def newer_runs(settings: Settings, results: Results) -> list[str]:
    """Kinds of which `data/` holds a newer run, on the same kind of data, than `results` does."""
    newer = []
    for kind in summaries.BY_KIND:
        path = _newest(settings, kind)
        known = results["runs"].get(kind)
        if path and (known is None or path.stem > known["record"]):
            source = read_json(path).get("source")
            if results["source"] in (None, source) or source is None:
                newer.append(kind)
    return newer


def _stand_ins(settings: Settings) -> list[str]:
    """Hosts that answered in place of the use case's own (`--base-url`): a proxy or a replay."""
    own = {dataset.host for dataset in active().datasets}
    chunks = RawStore(settings.raw_dir).chunks().values()
    hosts = {urlsplit(chunk.url).hostname or "" for chunk in chunks if chunk.source == LIVE}
    return sorted(hosts - own)


def _newest(settings: Settings, kind: str) -> Path | None:
    return max(settings.runs_dir.glob(f"{kind}-*.json"), default=None)


def _newest_source(present: dict[str, dict[str, Any]]) -> str | None:
    if not present:
        return None
    return str(max(present.values(), key=lambda run: str(run["created_at"]))["source"])


def _run(settings: Settings, kind: str) -> dict[str, Any] | None:
    """The newest record of a kind, reduced to what the report says of it."""
    path = _newest(settings, kind)
    if path is None:
        return None
    record = read_json(path)
    try:
        return {
            "record": path.stem,
            "created_at": record["created_at"],
            "clock_set": record.get("clock_set", False),
            "git_commit": record["git_commit"],
            "git_dirty": record["git_dirty"],
            "source": record["source"],
            "hardware": record["hardware"],
            "summary": summaries.BY_KIND[kind](record["payload"]),
        }
    except (KeyError, TypeError, IndexError, StopIteration) as error:
        raise DataError(
            f"{path} lacks {error}: another version of this project wrote it, or it is damaged.",
            f"Delete it, or run `{kind}` again.",
        ) from error
