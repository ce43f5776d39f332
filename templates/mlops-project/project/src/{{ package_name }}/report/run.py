"""The use case: from run records to README, model card, pictures and the HTML page."""

from dataclasses import dataclass
from pathlib import Path

from .. import CLI
from ..clock import Clock
from ..config import Settings
from ..files import write_json_atomic, write_text_atomic
from ..provenance import is_simulated
from . import card, page, readme
from .blocks import fill
from .changes import project_facts
from .pictures import draw
from .results import Results, empty, gather, newer_runs, results_file, stored


@dataclass(frozen=True)
class ReportResult:
    """What was written, or, after a check, what is stale; `lines` say it in words."""

    readme: Path
    card: Path
    results: Path
    html: Path | None
    measured: tuple[str, ...]
    """Kinds of runs that the report tells of."""
    missing: tuple[str, ...]
    """Kinds without a run: their places say "not measured"."""
    stale: tuple[str, ...]
    lines: tuple[str, ...]


EXPECTED = ("collect", "quality", "features", "train", "promote", "bench", "monitor")


def report(settings: Settings, clock: Clock, *, check: bool = False) -> ReportResult:
    """Write README.md, MODEL_CARD.md, `reports/` and `data/reports/report.html`.

    With `check` nothing is written and `stale` says what differs from the last results. Results of
    real data are not replaced by simulated ones: then only the HTML page is written. Raises
    DataError when a block's marks are broken or a record is damaged; then nothing is written.
    """
    before = stored(settings)
    if check:
        return _check(settings, before or empty(settings))
    results = gather(settings, before)
    results["project"] = project_facts(settings)
    pictures = draw(settings, results)
    html = settings.reports_dir / "report.html"
    text = page.render(settings, clock, results, pictures)
    earlier, now = before["source"] if before else None, results["source"]
    if earlier and is_simulated(now) and not is_simulated(earlier):
        write_text_atomic(html, text)
        kept = f"README.md keeps its figures of {earlier} data: these runs are on {now} data."
        return _result(settings, results, html, (kept, f"Page: {html}"))
    if pictures.files:
        results["pictures"] = pictures.listing()
    documents = _documents(settings, results)
    for path, content in documents.items():
        write_text_atomic(path, content)
    for name, svg in pictures.files.items():
        write_text_atomic(settings.root / "reports" / name, svg)
    write_json_atomic(results_file(settings), results)
    write_text_atomic(html, text)
    lines = (
        f"Wrote README.md, MODEL_CARD.md and reports/ ({_told(results)}). Commit them.",
        f"Page: {html}",
    )
    return _result(settings, results, html, lines)


def _check(settings: Settings, results: Results) -> ReportResult:
    """Compare what stands in the files with what the committed results give."""
    stale = [
        f"{path.name} differs from reports/{results_file(settings).name}."
        for path, content in _documents(settings, results).items()
        if path.read_bytes() != content.encode()
    ]
    newer = newer_runs(settings, results)
    if newer:
        stale.append(f"There are newer runs than the report tells of: {', '.join(newer)}.")
    lines = (*stale, f"Run: {CLI} report") if stale else (f"Up to date ({_told(results)}).",)
    return _result(settings, results, None, tuple(lines), tuple(stale))


def _documents(settings: Settings, results: Results) -> dict[Path, str]:
    """The text of both documents as it should be."""
    root = settings.root
    return {
        root / "README.md": fill(root / "README.md", readme.blocks(results)),
        root / "MODEL_CARD.md": fill(root / "MODEL_CARD.md", card.blocks(results)),
    }


def _told(results: Results) -> str:
    count = len(results["runs"])
    return f"{count} kinds of runs measured" if count else "nothing measured yet"


def _result(
    settings: Settings,
    results: Results,
    html: Path | None,
    lines: tuple[str, ...],
    stale: tuple[str, ...] = (),
) -> ReportResult:
    return ReportResult(
        readme=settings.root / "README.md",
        card=settings.root / "MODEL_CARD.md",
        results=results_file(settings),
        html=html,
        measured=tuple(sorted(results["runs"])),
        missing=tuple(kind for kind in EXPECTED if kind not in results["runs"]),
        stale=stale,
        lines=lines,
    )
