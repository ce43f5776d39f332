"""The answers that templates are rendered with: every combination, and a small cover of all pairs.

A factor is a question, or several that belong together, with its levels; a level is a name and the
answers it stands for. Questions of a few choices are combined in full. Names and free texts have no
end of values: their levels are the shortest, the longest and the nastiest, spread over the
combinations so that each meets each level of every other factor.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Levels = Mapping[str, Mapping[str, Any]]
Row = dict[str, str]
"""Level by factor."""

MLOPS_CHOICES: dict[str, Levels] = {
    **{
        key: {"yes": {key: True}, "no": {key: False}}
        for key in ("use_docker", "use_ci", "use_devcontainer", "use_dashboard")
    },
    "license": {
        name: {"license": name} for name in ("MIT", "Apache-2.0", "BSD-3-Clause", "Proprietary")
    },
    "python_version": {
        version: {"python_version": version} for version in ("3.11", "3.12", "3.13", "3.14")
    },
    "alert_threshold": {
        "level": {"alert_threshold": "37.5"},
        "quantile": {"alert_threshold": "q90"},
    },
}

MLOPS_NAMES: Levels = {
    "default": {"project_name": "Clean Air", "package_name": "clean_air"},
    "shortest": {"project_name": "A", "package_name": "a"},
    "longest": {
        "project_name": "Forty characters are the longest-name_OK",
        "package_name": "thirty_letters_are_the_longest",
    },
    "digits": {"project_name": "pm2-5 at 0", "package_name": "pm2_5_at_0"},
}


def _texts(
    author: str, place: str, email: str, latitude: float, longitude: float
) -> dict[str, Any]:
    return {
        "author_name": author,
        "place_name": place,
        "author_email": email,
        "latitude": latitude,
        "longitude": longitude,
    }


MLOPS_TEXTS: Levels = {
    "plain": _texts("Ada Lovelace", "Hyderabad", "", 25.39, 68.37),
    "quotes": _texts("Ann \"the 'air'\" O'Neil", 'Town "\'\'\'" of """', "ann@example.org", 0, 0),
    "jinja": _texts("{{ 7*7 }} {% raw %}", "{{7*7}}{# no #}", "a@b.example", -90, 180),
    "scripts": _texts("عائشة 😀 Łukasz", "حیدرآباد 🌫️ 北京", "x+y@example.org", 90, -180),
    "backslash": _texts(r"C:\new\table\\", r"\u0041 \n ${HOME} $(id) `id`", "", 1e-05, -0.25),
    "markup": _texts("<b>A & B</b> | # *x* -->", ": - # [x](y) <script>|", "", 59.91, 10.75),
    "longest": _texts("n" * 80, "p" * 60, f"{'l' * 64}@example.org", -33.87, 151.21),
}


def answers(factors: Mapping[str, Levels], row: Row) -> dict[str, Any]:
    """The answers that a row stands for."""
    return {
        key: value for name, level in row.items() for key, value in factors[name][level].items()
    }


def combinations(factors: Mapping[str, Levels]) -> Iterator[Row]:
    """The full product of all levels."""
    for levels in itertools.product(*factors.values()):
        yield dict(zip(factors, levels, strict=True))


def spread(rows: Sequence[Row], factors: Mapping[str, Levels]) -> list[Row]:
    """Give each row a level of each further factor, such that every pair of levels occurs.

    Greedy: a row takes the levels that bring most pairs not seen before, the least used at a tie.
    """
    seen: set[tuple[tuple[str, str], tuple[str, str]]] = set()
    used: dict[tuple[str, str], int] = {}
    extended = []
    for row in rows:
        best = max(
            combinations(factors),
            key=lambda more: (
                len(pairs({**row, **more}) - seen),
                -sum(used.get(c, 0) for c in more.items()),
            ),
        )
        for cell in best.items():
            used[cell] = used.get(cell, 0) + 1
        extended.append({**row, **best})
        seen |= pairs(extended[-1])
    return extended


def pairs(row: Row) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    """All pairs of cells of a row."""
    return set(itertools.combinations(sorted(row.items()), 2))


def all_pairs(factors: Mapping[str, Levels]) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    """Every pair of levels of two factors; no two answers of our templates exclude one another."""
    return {
        pair
        for one, other in itertools.combinations(sorted(factors), 2)
        for pair in itertools.product(
            [(one, level) for level in factors[one]], [(other, level) for level in factors[other]]
        )
    }


def cover(factors: Mapping[str, Levels]) -> list[Row]:
    """Few rows in which every pair of levels occurs: the fewest of several tries, often the least.

    No cover has fewer rows than its two largest factors have pairs. Deterministic.
    """
    return min((_cover(factors, seed) for seed in range(20)), key=len)


def _cover(factors: Mapping[str, Levels], seed: int) -> list[Row]:
    """The pairs of the two largest factors in some order, the others spread over them.

    A pair that is then missing begins a row; each further factor takes the level with most missing
    pairs.
    """
    names = sorted(factors, key=lambda name: -len(factors[name]))
    rows = list(combinations({name: factors[name] for name in names[:2]}))
    random.Random(seed).shuffle(rows)
    rows = spread(rows, {name: factors[name] for name in names[2:]})
    missing = all_pairs(factors) - set().union(*map(pairs, rows))
    while missing:
        row = dict(min(missing))
        for name in names:
            if name not in row:
                row[name] = max(
                    factors[name], key=lambda level: len(pairs({**row, name: level}) & missing)
                )
        rows.append(row)
        missing -= pairs(row)
    return rows
