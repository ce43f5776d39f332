"""Distributions as counts: each column binned by DuckDB, day by day, without loading a row.

Edges are quantiles of the reference, so that each of its bins holds about as many values. Whatever
follows (PSI, KS, Wasserstein, permutations of days) needs the counts only, a few numbers a day.
"""

from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np

from .chance import Days, Matrix, Vector

BINS = 50
SAMPLE_ROWS = 50_000
AT_ONCE = 4
"""Columns in one query: the buffers of a Parquet file's columns are most of the memory."""
MEMORY_LIMIT = "100MB"
_LARGEST = float(np.finfo(np.float64).max)


@dataclass(frozen=True)
class Profile:
    """Counts of the columns on d days; `counts[column]` is (d, bins), `rows` (d,) has nulls too.

    Bin i of a column holds the values in (edges[i - 1], edges[i]]; the last has no upper edge.
    """

    days: Days
    rows: Vector
    edges: dict[str, Vector]
    counts: dict[str, Matrix]

    def only(self, columns: tuple[str, ...]) -> "Profile":
        """The same days with some of the columns."""
        edges = {name: self.edges[name] for name in columns}
        return Profile(self.days, self.rows, edges, {name: self.counts[name] for name in columns})

    def missing(self, column: str) -> float:
        """Share of rows without a value."""
        total = self.rows.sum()
        return float(1 - self.counts[column].sum() / total) if total else 1.0


def open_database() -> duckdb.DuckDBPyConnection:
    """An empty database in memory that keeps its working set small; close it after use."""
    return duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "threads": 2})


def quantile_edges(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: tuple[str, ...], day: str
) -> dict[str, Vector]:
    """Inner edges (at most BINS - 1, ascending, unique) of each column of a SQL table expression.

    A large table is thinned to whole days, chosen by a hash so that two runs choose alike.
    """
    size = connection.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]  # noqa: S608
    thin = -(-size // SAMPLE_ROWS)
    steps = [step / BINS for step in range(1, BINS)]
    edges: dict[str, Vector] = {}
    for first in range(0, len(columns), AT_ONCE):
        names = columns[first : first + AT_ONCE]
        wanted = ", ".join(f"quantile_disc({name}, {steps})" for name in names)
        query = f"SELECT {wanted} FROM {relation}"  # noqa: S608 names and relations are our own
        thinned = f"{query} WHERE hash({day}::DATE) % {thin} = 0"
        found = connection.execute(thinned).fetchall()[0]
        if any(values is None for values in found):  # the chosen days have no value of a column
            found = connection.execute(query).fetchall()[0]
        edges |= {name: _finite(values) for name, values in zip(names, found, strict=True)}
    return edges


def _finite(edges: list[float] | None) -> Vector:
    """Ascending and unique, without NaN; 0 where the column has no value at all."""
    known = np.asarray(edges or [0.0], dtype=np.float64)
    return np.unique(known[np.isfinite(known)]) if np.isfinite(known).any() else np.zeros(1)


def count_bins(
    connection: duckdb.DuckDBPyConnection, relation: str, edges: dict[str, Vector], day: str
) -> Profile:
    """Counts of each column of `edges` in a SQL table expression, a row a day."""
    counts: dict[str, Matrix] = {}
    names = list(edges)
    for first in range(0, len(names), AT_ONCE):
        some = names[first : first + AT_ONCE]
        binned = ", ".join(_histogram(name, edges[name]) for name in some)
        table = connection.execute(
            f"SELECT {day}::DATE AS day, count(*) AS row_count, {binned}"  # noqa: S608 our names
            f" FROM {relation} GROUP BY ALL ORDER BY day"
        ).fetchnumpy()
        counts |= {name: _matrix(table[name], len(edges[name]) + 1) for name in some}
    days = np.asarray(table["day"], dtype="datetime64[D]")
    return Profile(days, np.asarray(table["row_count"], dtype=np.float64), edges, counts)


def _histogram(name: str, inner: Vector) -> str:
    """SQL for the list of a column's counts. The filter keeps NaN from opening a bin of its own."""
    uppers = [*inner.tolist(), _LARGEST]
    filtered = f"histogram({name}, {uppers}::DOUBLE[]) FILTER ({name} <= {_LARGEST})"
    return f"map_values({filtered}) AS {name}"


def _matrix(column: Any, bins: int) -> Matrix:
    """Lists of counts, None on a day without any value, as an array (d, bins)."""
    lists = column.tolist()  # a masked entry comes out as None
    counts = np.zeros((len(lists), bins))
    for row, found in enumerate(lists):
        if found is not None:
            counts[row] = found
    return counts
