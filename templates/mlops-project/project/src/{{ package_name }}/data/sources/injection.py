"""Faults and drift to inject into the simulated data, each with a known truth for `monitor`.

covariate    hotter and windier weather; the air still answers to it as before
concept      the air answers to the weather the other way round; every distribution stays
prediction   emissions rise, so levels and with them the predictions rise
gaps, stuck, range    missing hours, repeated values, impossible values; `quality` is all three
"""

from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np

from ...errors import ConfigError

FAULTS = ("gaps", "stuck", "range")
KINDS = ("covariate", "concept", "prediction", "quality", *FAULTS)
IMPOSSIBLE = 9999.0


@dataclass(frozen=True)
class Injection:
    """One kind of drift, from midnight UTC of `start` on; strength 1 is plain to see, 0 is none."""

    kind: str
    start: date
    strength: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ConfigError(
                f"There is no injection '{self.kind}'.", f"Choose one of {', '.join(KINDS)}."
            )
        if not 0 <= self.strength <= 5:
            raise ConfigError(
                f"The strength {self.strength:g} is out of range.", "Choose one from 0 to 5."
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `concept:2025-10-01` or `concept:2025-10-01:0.5`. Raises ConfigError."""
        try:
            kind, start, strength = (text + ":1").split(":")[:3]
            return cls(kind, date.fromisoformat(start), float(strength))
        except ValueError:
            raise ConfigError(
                f"'{text}' is not an injection.",
                "Write it as concept:2025-10-01 or concept:2025-10-01:0.5.",
            ) from None

    def __str__(self) -> str:
        return f"{self.kind}:{self.start}:{self.strength:g}"

    def scale(self, kind: str, first_day: date, hours: int) -> np.ndarray:
        """Strength of `kind` in each hour from midnight of `first_day` on; shape (hours,)."""
        active = np.arange(hours) >= 24 * (self.start - first_day).days
        return np.where(active & (self.kind == kind), self.strength, 0.0)


def apply_faults(values: dict[str, np.ndarray], injection: Injection, seed: int, year: int) -> None:
    """Damage the columns (shape (hours of the year,)) in place, from the injection's date on.

    At strength 1 each kind touches about 3 % of the hours, in bursts of 6 to 36 hours and in all
    variables of a dataset, as a failing sensor or feed would.
    """
    kinds = FAULTS if injection.kind == "quality" else (injection.kind,)
    hours = len(next(iter(values.values())))
    active = injection.scale(injection.kind, date(year, 1, 1), hours) > 0
    weather = [name for name in values if "_previous_day" in name]
    air = [name for name in values if name.split("_")[0] in _AIR]
    for number, kind in enumerate(kind for kind in FAULTS if kind in kinds):
        rng = np.random.default_rng([seed, year, number, 77])
        for begin in rng.integers(0, hours - 36, rng.poisson(12.5 * injection.strength)):
            length, in_air = int(rng.integers(6, 37)), rng.random() < 0.7
            window = slice(int(begin), int(begin) + length)
            if not active[window].all():
                continue
            for name in air if in_air else weather:
                if kind == "gaps":
                    values[name][window] = np.nan
                elif kind == "stuck":
                    values[name][window] = values[name][window][0]
                else:
                    values[name][window][::5] = IMPOSSIBLE


_AIR = ("pm2", "pm10", "nitrogen", "sulphur", "carbon")
