"""Every setting of a run, by section: the one description of what `config.yaml` may hold.

A recipe is a part of the same in YAML. `loading.py` reads both, the environment and `--set`.
"""

import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

TINY = "tiny"
"""The embedded base model (`model.base`) or data (`data.source`): made here, nothing downloaded."""

DEFAULT = "default"
"""`data.source` of the dataset that the task itself names."""

TaskName = Literal["text_to_sql", "extraction", "classification", "instruct"]
SystemName = Literal["base", "prompted", "tuned", "dpo"]
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


class Section(BaseModel):
    """A part of the configuration: unknown keys are refused, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class Model(Section):
    """The base model: `tiny`, an id of the Hub or a folder; `revision` pins a Hub id's commit.

    `max_length` is the longest training example in tokens, prompt and answer together.
    """

    base: str = TINY
    revision: str = "main"
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    attention: Literal["sdpa", "eager", "flash_attention_2"] = "sdpa"
    max_length: int = Field(default=1024, ge=16)


class Data(Section):
    """Where the examples come from, and how they are split.

    `source` is `default`, `tiny`, an id of the Hub, or a .jsonl or .csv file; `columns` maps the
    task's fields to the file's columns. Without files of their own, validation and test rows are
    split off, whole groups at a time. A test prompt leaks when `leak_share` of its n-grams of
    `ngram` words stands in one training prompt; `drop_leaked` takes such training rows out.
    """

    source: str = DEFAULT
    revision: str | None = None
    subset: str | None = None
    split: str = "train"
    columns: dict[str, str] = Field(default_factory=dict)
    labels: list[str] = Field(default_factory=list)
    show_labels: bool = True
    domain: str | None = None
    databases: Path | None = None
    validation: Path | None = None
    test: Path | None = None
    validation_share: float = Field(default=0.1, gt=0, lt=0.5)
    test_share: float = Field(default=0.2, gt=0, lt=0.5)
    max_rows: int | None = Field(default=None, ge=1)
    skip_invalid: bool = False
    skip_long: bool = False
    drop_leaked: bool = False
    ngram: int = Field(default=8, ge=2)
    leak_share: float = Field(default=0.8, gt=0, le=1)
    seed: int = 0


class Tiny(Section):
    """The embedded base model (see `tiny/`): its random seed and its steps of pre-training."""

    seed: int = 0
    steps: int = Field(default=220, ge=1)


class Adapter(Section):
    """What is trained beside the frozen base. `all-linear` is every linear layer but the head."""

    method: Literal["lora", "qlora", "dora"] = "lora"
    rank: int = Field(default=16, ge=1, le=1024)
    alpha: float = Field(default=32, gt=0)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    targets: Literal["all-linear"] | list[str] = "all-linear"


class Train(Section):
    """Supervised fine-tuning. A step is `batch_size` x `accumulation` examples a process.

    `max_steps` wins over `epochs`; `warmup` is a share of the steps; training stops early after
    `patience` evaluations without a better validation loss (0: never).
    """

    seed: int = 0
    epochs: float = Field(default=3, gt=0)
    max_steps: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=8, ge=1)
    accumulation: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=2e-4, gt=0)
    schedule: Literal["cosine", "linear", "constant_with_warmup"] = "cosine"
    warmup: float = Field(default=0.05, ge=0, lt=1)
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    gradient_checkpointing: bool = False
    packing: bool = False
    log_steps: int = Field(default=5, ge=1)
    eval_steps: int = Field(default=50, ge=1)
    save_steps: int = Field(default=50, ge=1)
    keep_checkpoints: int = Field(default=2, ge=1)
    patience: int = Field(default=3, ge=0)


class Preference(Section):
    """The second stage. `pairs` is a .jsonl of prompt, chosen, rejected.

    Without it text-to-SQL makes pairs of its own: `samples` answers a prompt from the tuned model,
    of which one is right and one is wrong when executed.
    """

    stage: Literal["none", "dpo"] = "none"
    pairs: Path | None = None
    samples: int = Field(default=4, ge=2)
    temperature: float = Field(default=0.9, gt=0)
    max_pairs: int = Field(default=1000, ge=1)
    beta: float = Field(default=0.1, gt=0)
    learning_rate: float = Field(default=5e-6, gt=0)
    epochs: float = Field(default=1, gt=0)
    max_steps: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=4, ge=1)
    accumulation: int = Field(default=1, ge=1)


class Tracking(Section):
    """Where curves and figures are sent besides the run folder."""

    tracker: Literal["mlflow", "wandb", "trackio", "none"] = "none"
    project: str = "finetune"


class Evaluate(Section):
    """The comparison on the frozen test set: greedy, same prompts, same scorer.

    `seeds` are further trainings whose spread is reported; `control` trains on shuffled answers;
    `harness` names tasks of lm-eval; `judge` is a model that compares open answers, at `judge_url`.
    """

    systems: list[SystemName] = Field(default=["base", "prompted", "tuned", "dpo"])
    seeds: list[int] = Field(default_factory=list)
    control: bool = False
    rows: int | None = Field(default=None, ge=1)
    batch_size: int = Field(default=16, ge=1)
    max_new_tokens: int = Field(default=256, ge=1)
    few_shot: int = Field(default=3, ge=0)
    bootstrap_samples: int = Field(default=10_000, ge=100)
    level: float = Field(default=0.95, gt=0.5, lt=1)
    general_text: Path | None = None
    sql_timeout_s: float = Field(default=5.0, gt=0)
    harness: list[str] = Field(default_factory=list)
    judge: str | None = None
    judge_url: str | None = None


class Serve(Section):
    """The service and its limits; 0 requests a minute means no rate limit."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    mode: Literal["development", "production"] = "development"
    api_key: SecretStr | None = Field(default=None, exclude=True)
    adapters: dict[str, Path] = Field(default_factory=dict)
    max_body_bytes: int = Field(default=1_000_000, ge=1000)
    max_tokens: int = Field(default=512, ge=1)
    max_batch: int = Field(default=16, ge=1)
    max_queue: int = Field(default=64, ge=1)
    batch_wait_ms: float = Field(default=5.0, ge=0)
    timeout_s: float = Field(default=60.0, gt=0)
    requests_per_minute: int = Field(default=0, ge=0)
    log_prompts: bool = False


class Export(Section):
    """What leaves the project, and where to; `llama_cpp` is a checkout of llama.cpp for GGUF."""

    quantised: list[Literal["int8", "int4"]] = Field(default=["int8", "int4"])
    llama_cpp: Path | None = None
    hub_repo: str | None = None
    private: bool = True

    @field_validator("hub_repo")
    @classmethod
    def _owner_and_name(cls, value: str | None) -> str | None:
        if value is not None and not HUB_ID.fullmatch(value):
            raise ValueError("a repository of the Hub is written owner/name")
        return value


class Report(Section):
    """What an hour of the machine costs, and how many examples the report shows of each kind."""

    price_per_hour: float = Field(default=0.05, ge=0)
    currency: str = Field(default="USD", pattern="^[A-Z]{3}$")
    examples: int = Field(default=20, ge=1)


class Config(Section):
    """All settings of a run, and where its files lie.

    Relative paths are seen from `root`, the project's folder: use `at`. `run` names the run's
    folder; `threads` limits processor threads and makes CPU runs repeat to the bit when 1.
    """

    root: Path = Field(default=Path(), exclude=True)
    data_dir: Path = Path("data")
    run: str = Field(default="default", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$")
    task: TaskName = "text_to_sql"
    threads: int | None = Field(default=None, ge=1)
    offline: bool = False
    model: Model = Model()
    tiny: Tiny = Tiny()
    data: Data = Data()
    adapter: Adapter = Adapter()
    train: Train = Train()
    preference: Preference = Preference()
    tracking: Tracking = Tracking()
    evaluate: Evaluate = Evaluate()
    serve: Serve = Serve()
    export: Export = Export()
    report: Report = Report()

    def at(self, path: Path | str) -> Path:
        """A path of the configuration as an absolute one."""
        return self.root / path

    @property
    def is_tiny(self) -> bool:
        """Whether the base model is the embedded one, which proves nothing about real models."""
        return self.model.base == TINY

    @property
    def tiny_dir(self) -> Path:
        """Where the embedded base model and its data lie once they are built."""
        return self.models_dir / f"tiny-{self.tiny.seed}-{self.tiny.steps}"

    @property
    def runs_dir(self) -> Path:
        """A folder a run."""
        return self.at(self.data_dir) / "runs"

    @property
    def models_dir(self) -> Path:
        """Base models that were built here."""
        return self.at(self.data_dir) / "models"

    @property
    def logs_dir(self) -> Path:
        """What happened, as JSON lines."""
        return self.at(self.data_dir) / "logs"
