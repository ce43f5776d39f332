"""The validation gate between the raw data and everything built from it.

Nothing is repaired here: a finding is a fact for the report, and an error stops `features`. The
rules stand in `checks.py`.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from ... import CLI, runs
from ...clock import Clock
from ...config import Settings
from ...errors import DataError
from ...files import write_json_atomic, write_text_atomic
from ...usecase import active
from ...words import counted
from ..gaps import Gap
from ..store import RawStore
from .checks import Coverage, Finding, examine, freshness
from .page import render

LISTED = 20


@dataclass(frozen=True)
class QualityResult:
    """The gate's verdict. `ok` is False when at least one finding is an error."""

    ok: bool
    verdict: str
    source: str
    place: str
    data_hash: str
    checked_at: str
    last_hour: str
    age_hours: float
    errors: int
    warnings: int
    findings: list[Finding]
    gaps: list[Gap]
    coverage: list[Coverage]
    html: str


def check(settings: Settings, clock: Clock) -> QualityResult:
    """Examine everything collected; writes `quality.html`, `quality.json` and a run record.

    Raises NotReadyError before anything was collected and DataError when a part is damaged or the
    data are of another place than the settings name.
    """
    store = RawStore(settings.raw_dir)
    label = store.label()
    store.check_label({}, settings.place)
    use_case, now = active(), clock.now()
    tables = {dataset.name: store.read(dataset.name) for dataset in use_case.datasets}
    last: datetime = tables[use_case.label_dataset]["valid_time"].max()  # type: ignore[assignment]
    age = round((now - last.replace(tzinfo=UTC)).total_seconds() / 3600, 1)
    findings = list(freshness(age, use_case.label_dataset))
    gaps: list[Gap] = []
    coverage: list[Coverage] = []
    for dataset in use_case.datasets:
        found, holes, present = examine(tables[dataset.name], dataset, store.given(dataset))
        findings += found
        gaps += holes
        coverage += present
    findings.sort(key=lambda finding: (finding.severity, -finding.hours))
    errors = sum(finding.severity == "error" for finding in findings)
    page = settings.reports_dir / "quality.html"
    result = QualityResult(
        ok=errors == 0,
        verdict=f"{'failed' if errors else 'passed'}: {counted(errors, 'error')}, "
        f"{counted(len(findings) - errors, 'warning')} over "
        f"{counted(sum(map(len, tables.values())), 'hourly row')}",
        source=label["source"],
        place=label["place"]["id"],
        data_hash=store.content_hash(),
        checked_at=now.isoformat(timespec="seconds"),
        last_hour=last.isoformat(timespec="minutes"),
        age_hours=age,
        errors=errors,
        warnings=len(findings) - errors,
        findings=findings,
        gaps=sorted(gaps, key=lambda gap: -gap.hours)[:LISTED],
        coverage=coverage,
        html=str(page),
    )
    write_text_atomic(page, render(result, settings.place.name))
    write_json_atomic(page.with_suffix(".json"), asdict(result))
    runs.record(settings, "quality", clock, result, source=result.source)
    return result


def require_ok(settings: Settings, clock: Clock) -> QualityResult:
    """`check`, and raise DataError that names the worst finding when the gate does not pass."""
    result = check(settings, clock)
    if not result.ok:
        raise DataError(
            f"The collected data {result.verdict}. First: {result.findings[0].message}.",
            f"Read {result.html}; `{CLI} collect` fetches what is missing or damaged.",
        )
    return result
