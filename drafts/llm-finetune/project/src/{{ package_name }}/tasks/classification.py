"""Classification by label: the answer is one of a set of labels.

Fields: `text`, `label`; `group` may be there. The labels are those of `data.labels`, or all of the
training records; they stand in every prompt unless `data.show_labels` is off.
"""

import re
from collections.abc import Mapping, Sequence

from .base import Record, Row, RowError, Task, chat, row_id, squeezed

SYSTEM = "Classify the text. Reply with its label only."
_LIST = "\nLabels: "
_LEAD = re.compile(r"\A(?:the )?(?:label|category|intent|answer)(?: is)?\s*:?\s+", re.IGNORECASE)


class Classification(Task):
    """Exact match of the label; macro F1 over the whole set."""

    name = "classification"
    primary = "exact_match"
    fields = ("text", "label", "group")

    def row(self, record: Record) -> Row:
        """A row of a known label. Raises RowError for a label outside the set."""
        text, label = self.text(record, "text"), self.text(record, "label")
        labels = self.options.labels
        if labels and label not in labels:
            raise RowError(f"label {label!r} is not one of the {len(labels)} labels")
        shown = f"{_LIST}{', '.join(labels)}" if labels and self.options.show_labels else ""
        prompt = chat(f"{SYSTEM}{shown}", text)
        group = self.text(record, "group", required=False) or squeezed(text)
        return Row(row_id(prompt, label), prompt, label, group, {"label": label})

    def stratum(self, row: Row) -> str:
        """Every label gets its share of the test set."""
        return row.answer

    def score(self, row: Row, output: str) -> dict[str, float]:
        """Whether it is the right label and, where the set is known, whether it is one at all."""
        said = spoken(output)
        scores = {"exact_match": float(said == spoken(row.answer))}
        if labels := self._labels(row):
            scores["known_label"] = float(said in labels)
        return scores

    def slices(self, row: Row) -> dict[str, str]:
        """The label."""
        return {"label": row.answer}

    def summary(
        self, rows: Sequence[Row], scores: Sequence[Mapping[str, float]], outputs: Sequence[str]
    ) -> dict[str, float]:
        """Means and macro F1: the plain mean over the labels that the rows have.

        An answer that is no label of theirs costs its true label recall and no other precision.
        """
        if not rows:
            return {}
        right = [spoken(row.answer) for row in rows]
        said = [spoken(output) for output in outputs]
        parts = []
        for label in sorted(set(right)):
            hits = sum(a == b == label for a, b in zip(right, said, strict=True))
            parts.append(2 * hits / (right.count(label) + said.count(label)))
        return super().summary(rows, scores, outputs) | {"macro_f1": sum(parts) / len(parts)}

    def _labels(self, row: Row) -> set[str]:
        """The labels an answer may be, from the options or else from the prompt that shows them."""
        labels = self.options.labels
        if not labels and _LIST in row.prompt[0]["content"]:
            labels = row.prompt[0]["content"].split(_LIST, 1)[1].split(", ")
        return {spoken(label) for label in labels}


def spoken(text: str) -> str:
    """A label as compared: the first line without quotes, "Label:" and a final stop; any case.

    Blanks, hyphens and underscores are the same.
    """
    lines = text.strip().splitlines()
    first = _LEAD.sub("", lines[0] if lines else "").strip(" \t\"'`*.")
    return re.sub(r"[\s_-]+", "_", first).casefold()
