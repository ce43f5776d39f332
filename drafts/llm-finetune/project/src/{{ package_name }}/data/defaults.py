"""The dataset of the Hub that each task takes where `data.source` is `default`."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Default:
    """A dataset, the commit it is pinned to, and the columns that hold the task's fields.

    `folder` chooses a part of a dataset that has one folder a part. Records that make no row are
    left out and counted: who uses the dataset cannot correct it.
    """

    id: str
    revision: str
    licence: str
    columns: Mapping[str, str] = field(default_factory=dict)
    subset: str | None = None
    folder: str | None = None
    note: str = ""


DEFAULTS = {
    "text_to_sql": Default(
        id="gretelai/synthetic_text_to_sql",
        revision="9e68767b794b922006d911e45ccb9c96d530d149",
        licence="Apache-2.0",
        columns={
            "question": "sql_prompt",
            "schema": "sql_context",
            "complexity": "sql_complexity",
        },
        note="Synthetic: questions, tables and queries were written by a language model. What is "
        "no query, or does not run in SQLite, is left out.",
    ),
    "extraction": Default(
        id="AmazonScience/massive",
        # The corpus is a script, which `datasets` no longer runs; the Hub keeps it as Parquet here.
        revision="refs/convert/parquet",
        licence="CC-BY-4.0",
        columns={"utterance": "utt", "annotated": "annot_utt", "group": "id"},
        folder="en-US",
        note="Utterances to a voice assistant; data.subset chooses another of its 52 languages, "
        "such as fr-FR, ar-SA or hi-IN.",
    ),
    "classification": Default(
        id="bitext/Bitext-customer-support-llm-chatbot-training-dataset",
        revision="edf23588760a2ae0a1fb1c664843ac22da5a0409",
        licence="CDLA-Sharing-1.0",
        columns={"text": "instruction", "label": "intent"},
        note="Partly synthetic: linguists' templates with variations made by a program.",
    ),
    "instruct": Default(
        id="argilla/ifeval-like-data",
        revision="39f93a0ead80365583a09f3d42df1637fc0f3ca3",
        licence="Qwen licence (its answers were written by Qwen 2.5)",
        subset="filtered",
        note="Synthetic: instructions with checkable constraints, written and answered by a "
        "language model. What fails its own constraints, or has one unknown here, is left out.",
    ),
}
