"""Raw responses on disk: a Parquet part a month, and a manifest that vouches for each.

    raw/store.json                               which place, and the label of the sources
    raw/manifest.jsonl                           one line a stored chunk; the last of a month counts
    raw/<dataset>/month=2025-01/part.parquet

A store has one place, and each of its datasets one source: neither is ever mixed.

A part is put in place before its line is written. A run that is killed between the two leaves a
part that no line vouches for, or half a line; `heal` removes both, and the next run fetches anew.
"""

import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from .. import CLI, ENV_PREFIX, provenance
from ..config import Place
from ..errors import DataError, NotReadyError
from ..files import read_json, sha256_file, write_bytes_atomic, write_json_atomic
from ..provenance import Origin
from ..usecase import Dataset
from ..words import counted
from .manifest import Chunk, Manifest

SCHEMA = 1


class RawStore:
    """The raw data under `folder`, of one place; each dataset is of one source."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._manifest = Manifest(folder / "manifest.jsonl")
        self._label = folder / "store.json"

    def part(self, dataset: str, month: str) -> Path:
        """The Parquet file of a month ("2025-01") of a dataset."""
        return self.folder / dataset / f"month={month}" / "part.parquet"

    def label(self) -> dict[str, Any]:
        """{"source", "place"} of the store.

        Raises NotReadyError before anything was collected, DataError when the file is damaged.
        """
        if not self._label.exists():
            raise NotReadyError("No data has been collected yet.", f"Run `{CLI} collect` first.")
        try:
            label: dict[str, Any] = read_json(self._label)
            _ = label["source"], label["place"]["id"]
        except (DataError, KeyError, TypeError):
            raise DataError(
                f"{self._label} is damaged.", f"Run `{CLI} collect`: it writes that file anew."
            ) from None
        return label

    def check_label(self, sources: Mapping[str, str], place: Place) -> None:
        """Raise DataError when the store holds another place's data or another source's dataset.

        `sources` names the source of each dataset that is to be added. The manifest tells whose the
        stored ones are; a label that is lost or damaged is written anew.
        """
        for (dataset, _), chunk in self.chunks().items():
            wanted = sources.get(dataset, chunk.source)
            if (chunk.source, chunk.place) != (wanted, place.id):
                raise DataError(
                    f"{self.folder} holds {chunk.source} data of {chunk.place} as its {dataset}; "
                    f"{wanted} data of {place.id} cannot be mixed in.",
                    f"Set another folder with {ENV_PREFIX}DATA_DIR, or delete {self.folder}.",
                )
        held = {origin.source for origin in self.origins()}
        if held:
            self._keep_label(provenance.label(held), place)

    def _keep_label(self, source: str, place: Place) -> None:
        """Write the label unless it says so already."""
        try:
            label = self.label()
            if (label["source"], label["place"]["id"]) == (source, place.id):
                return
        except (DataError, NotReadyError):
            pass
        content = place.model_dump() | {"id": place.id}
        write_json_atomic(self._label, {"schema": SCHEMA, "source": source, "place": content})

    def origins(self) -> list[Origin]:
        """Where each stored dataset comes from, as its newest chunk says."""
        newest = {dataset: chunk for (dataset, _), chunk in self.chunks().items()}
        return [
            Origin(dataset, chunk.source, chunk.licence, chunk.attribution, chunk.absent)
            for dataset, chunk in newest.items()
        ]

    def given(self, dataset: Dataset) -> Dataset:
        """The dataset with only those variables that its source has."""
        absent = {origin.dataset: origin.absent for origin in self.origins()}.get(dataset.name, [])
        variables = tuple(each for each in dataset.variables if each.name not in absent)
        return replace(dataset, variables=variables)

    def put(self, chunk: Chunk, rows: pl.DataFrame, place: Place) -> Chunk:
        """Store a month's rows and vouch for them; returns the chunk with the part's hash.

        Raises DataError when the disk refuses; the manifest then still tells the truth.
        """
        # First of all: a killed run may leave a label that warns of too much, never of too little.
        held = {origin.source for origin in self.origins()}
        self._keep_label(provenance.label(held | {chunk.source}), place)
        buffer = io.BytesIO()
        rows.select(pl.lit(place.id).alias("place_id"), pl.all()).write_parquet(buffer)
        data = buffer.getvalue()
        write_bytes_atomic(self.part(chunk.dataset, chunk.month), data)
        stored = replace(chunk, part_sha256=hashlib.sha256(data).hexdigest())
        self._manifest.append(stored)
        return stored

    def history(self) -> list[Chunk]:
        """Everything that was ever stored, oldest first."""
        return self._manifest.history()

    def chunks(self) -> dict[tuple[str, str], Chunk]:
        """The chunk that counts for each (dataset, month), in that order."""
        return self._manifest.chunks()

    def heal(self) -> list[str]:
        """Remove what a killed run left behind; says what it removed.

        Afterwards each part is vouched for by the manifest; `has` tells which of its chunks have
        lost theirs.
        """
        torn = self._manifest.heal()
        lines = f"{counted(torn, 'damaged line')} of {self._manifest.path.name}"
        removed = [lines] if torn else []
        vouched = {self.part(*key): chunk.part_sha256 for key, chunk in self.chunks().items()}
        for path in sorted(self.folder.glob("*/month=*/*")):
            if path not in vouched or sha256_file(path) != vouched[path]:
                path.unlink()
                removed.append(str(path.relative_to(self.folder)))
        return removed

    def has(self, chunk: Chunk) -> bool:
        """Whether the chunk's part is there (after `heal`: and whole)."""
        return self.part(chunk.dataset, chunk.month).exists()

    def read(self, dataset: str) -> pl.DataFrame:
        """All rows of a dataset, ordered by hour: `place_id`, `valid_time`, the variables.

        Raises NotReadyError when nothing is stored, and DataError that names a part which is
        missing or is not the one the manifest vouches for.
        """
        parts = [
            self._read_part(chunk) for key, chunk in self.chunks().items() if key[0] == dataset
        ]
        if not parts:
            raise NotReadyError(
                f"No {dataset} has been collected yet.", f"Run `{CLI} collect` first."
            )
        return pl.concat(parts).sort("valid_time")

    def _read_part(self, chunk: Chunk) -> pl.DataFrame:
        path = self.part(chunk.dataset, chunk.month)
        try:
            if sha256_file(path) == chunk.part_sha256:
                return pl.read_parquet(path, hive_partitioning=False)
            problem = "is damaged: its hash is not the one in the manifest"
        except FileNotFoundError:
            problem = "is missing"
        except (OSError, pl.exceptions.PolarsError) as error:
            problem = f"cannot be read: {error}"
        raise DataError(
            f"{path} {problem}.", f"Run `{CLI} collect` again: it fetches this month anew."
        )

    def content_hash(self) -> str:
        """SHA-256 over the ordered rows of all datasets.

        It depends on the values only, not on how they were cut into requests or when they came.
        """
        digest = hashlib.sha256()
        for dataset in sorted({dataset for dataset, _ in self.chunks()}):
            rows = self.read(dataset)
            names = [name for name in rows.columns if name not in ("place_id", "valid_time")]
            for piece in self._bytes_of(dataset, rows, names):
                digest.update(piece)
        return digest.hexdigest()

    @staticmethod
    def _bytes_of(dataset: str, rows: pl.DataFrame, names: list[str]) -> Iterator[bytes]:
        places = ",".join(sorted(set(rows["place_id"])))
        yield f"{dataset}|{places}|{','.join(names)}|{rows.height}\n".encode()
        yield rows["valid_time"].dt.epoch("us").to_numpy().astype("<i8").tobytes()
        values = rows.select(pl.col(names).fill_null(np.nan)).to_numpy().astype("<f8")
        yield (values + 0.0).tobytes(order="C")  # + 0.0 turns -0.0 into 0.0

    def size(self) -> int:
        """Bytes on disk, manifest included."""
        parts = (self.part(*key) for key in self.chunks())
        files = [path for path in (*parts, self._manifest.path, self._label) if path.exists()]
        return sum(path.stat().st_size for path in files)
