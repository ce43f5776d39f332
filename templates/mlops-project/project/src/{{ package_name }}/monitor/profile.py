"""Distributions as counts: each column binned by DuckDB, day by day, without loading a row.

Edges are quantiles of the reference, so that each of its bins holds about as many values. Whatever
follows (PSI, KS, Wasserstein, permutations of days) needs the counts only, a few numbers a day.
"""

from dataclasses import dataclass

import duckdb
import numpy as np

from .chance import Days, Matrix, Vector

BINS = 50
SAMPLE_ROWS = 100_000
_LARGEST = np.finfo(np.float64).max


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


def quantile_edges(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: tuple[str, ...], day: str
) -> dict[str, Vector]:
    """Inner edges (at most BINS - 1, ascending, unique) of each column of a SQL table expression.

    A large table is thinned to whole days, chosen by a hash so that two runs choose alike.
    """
    size = connection.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0]  # noqa: S608
    thin = -(-size // SAMPLE_ROWS)
    steps = [step / BINS for step in range(1, BINS)]
    wanted = ", ".join(f"quantile_disc({name}, {steps})" for name in columns)
    query = f"SELECT {wanted} FROM {relation}"  # noqa: S608 names and relations are our own
    found = connection.execute(f"{query} WHERE hash({day}::DATE) % {thin} = 0").fetchall()[0]
    if any(edges is None for edges in found):  # hash left a column without a value
        found = connection.execute(query).fetchall()[0]
    return {name: _finite(edges) for name, edges in zip(columns, found, strict=True)}


def _finite(edges: list[float] | None) -> Vector:
    """Ascending and unique, without NaN; 0 where the column has no value at all."""
    known = np.asarray(edges or [0.0], dtype=np.float64)
    return np.unique(known[np.isfinite(known)]) if np.isfinite(known).any() else np.zeros(1)


def count_bins(
    connection: duckdb.DuckDBPyConnection, relation: str, edges: dict[str, Vector], day: str
) -> Profile:
    """One pass over a SQL table expression: counts of each column of `edges`, a row a day."""
    binned = ", ".join(
        f"map_values(histogram({name}, {[*inner.tolist(), float(_LARGEST)]}::DOUBLE[])"
        f" FILTER ({name} <= {float(_LARGEST)})) AS {name}"  # a NaN would open a bin of its own
        for name, inner in edges.items()
    )
    table = connection.execute(
        f"SELECT {day}::DATE AS day, count(*) AS row_count, {binned}"  # noqa: S608
        f" FROM {relation} GROUP BY ALL ORDER BY day"
    ).fetchnumpy()
    counts = {}
    for name, inner in edges.items():
        empty = [0] * (len(inner) + 1)
        # tolist() gives None for a masked entry: a day without any value.
        filled = [empty if found is None else list(found) for found in table[name].tolist()]
        counts[name] = np.array(filled, dtype=np.float64).reshape(-1, len(empty))
    days = np.asarray(table["day"], dtype="datetime64[D]")
    return Profile(days, np.asarray(table["row_count"], dtype=np.float64), edges, counts)
