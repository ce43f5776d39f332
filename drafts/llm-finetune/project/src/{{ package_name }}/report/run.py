"""The use case: from a run's records to README, model card and the HTML page."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import CLI, runs
from ..config import Config
from ..files import write_json_atomic, write_text_atomic
from ..runs import RunFolder
from . import card, page, readme
from .blocks import fill
from .examples import Examples, examples
from .results import STEPS, Results, empty, gather, results_file, stored

CARD = "MODEL_CARD.md"
PAGE = "report.html"


@dataclass(frozen=True)
class ReportResult:
    """What was written, or, after a check, what is stale; `lines` say it in words.

    `measured` are the steps that the report tells of; the places of the `missing` ones say "not
    measured". `html` is None after a check.
    """

    readme: Path
    card: Path
    results: Path
    html: Path | None
    measured: tuple[str, ...]
    missing: tuple[str, ...]
    stale: tuple[str, ...]
    lines: tuple[str, ...]


def report(config: Config, run: RunFolder, *, check: bool = False) -> ReportResult:
    """Write README.md, MODEL_CARD.md, reports/results.json, and page and card of the run.

    With `check` nothing is written and `stale` says what differs from the committed results, or is
    newer. Figures of a real model are not replaced by those of the tiny one: then only the run's
    own folder is written. Raises DataError when a block's marks are broken or a record is damaged;
    then nothing is written.
    """
    before = stored(config)
    if check:
        return _check(config, before or empty())
    results = gather(config, run)
    documents = _documents(config, results)
    text = page.render(results, _curves(run), _examples(config, run, results))
    html = run.report / PAGE
    write_text_atomic(run.report / CARD, documents[config.root / CARD])
    write_text_atomic(html, text)
    if before and before["evaluation"] and results["tiny"] and not before["tiny"]:
        kept = f"README.md keeps its figures of run {before['run']}: this is the tiny model."
        return _result(config, results, html, (kept, f"Page: {html}"))
    for path, content in documents.items():
        write_text_atomic(path, content)
    write_json_atomic(results_file(config), results)
    told = f"Wrote README.md, {CARD} and reports/ (run {run.name}). Commit them."
    lines = (told, f"Page: {html}")
    return _result(config, results, html, lines)


def _check(config: Config, results: Results) -> ReportResult:
    """Compare what stands in the files with what the committed results give."""
    stale = [
        f"{path.name} differs from reports/{results_file(config).name}."
        for path, content in _documents(config, results).items()
        if path.read_bytes() != content.encode()
    ]
    newer = _newer(config, results)
    if newer:
        stale.append(f"{newer} is newer than the report.")
    told = f"run {results['run']}" if results["run"] else "nothing measured yet"
    lines = (*stale, f"Run: {CLI} report") if stale else (f"Up to date ({told}).",)
    return _result(config, results, None, tuple(lines), tuple(stale))


def _newer(config: Config, results: Results) -> str:
    """The step of the reported run that was repeated since; "" in a clone without runs.

    Where nothing is reported yet, any evaluation is newer.
    """
    if results["run"] is None:
        evaluated = [run.name for run in runs.existing(config) if runs.noted(run, "evaluate")]
        return f"The evaluation of run {evaluated[0]}" if evaluated else ""
    run = RunFolder(config.runs_dir / results["run"])
    for name in STEPS:
        noted, known = runs.noted(run, name), results["steps"].get(name)
        if noted and (known is None or str(noted["at"]) > str(known["at"])):
            return f"The step {name} of run {run.name}"
    return ""


def _documents(config: Config, results: Results) -> dict[Path, str]:
    """The text of both documents as it should be."""
    about, model = config.root / "README.md", config.root / CARD
    return {
        about: fill(about, readme.blocks(results)),
        model: card.with_metadata(model, fill(model, card.blocks(results)), results),
    }


def _curves(run: RunFolder) -> dict[str, list[dict[str, float]]]:
    """What each stage of training logged."""
    noted = runs.noted(run, "train")
    if noted is None:
        return {}
    main: dict[str, Any] = noted["result"]["main"]
    return {stage: main[stage]["curve"] for stage in ("sft", "dpo") if main[stage]}


def _examples(config: Config, run: RunFolder, results: Results) -> Examples | None:
    evaluation = results["evaluation"]
    if not evaluation or not evaluation["headline"]:
        return None
    primary, limit = evaluation["primary"], config.report.examples
    return examples(run.evaluation, evaluation["headline"], primary, limit)


def _result(
    config: Config,
    results: Results,
    html: Path | None,
    lines: tuple[str, ...],
    stale: tuple[str, ...] = (),
) -> ReportResult:
    return ReportResult(
        readme=config.root / "README.md",
        card=config.root / CARD,
        results=results_file(config),
        html=html,
        measured=tuple(results["steps"]),
        missing=tuple(name for name in STEPS if name not in results["steps"]),
        stale=stale,
        lines=lines,
    )
