"""The physics behind the simulated data: travelling weather waves and a box of air over a place.

The box follows dC/dt = E - k C (a well-mixed box: Seinfeld and Pandis, Atmospheric Chemistry and
Physics, ch. 25): emissions E fill it; wind, a deep boundary layer and rain empty it at the rate k.
Noise is drawn a calendar year at a time, and each year is run in from the end of the one before, so
that an hour has the same value whatever was asked for around it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate

import numpy as np

from .injection import Injection

RUN_IN = 30 * 24
"""Hours simulated before a year begins; the longest memory (60 h) has faded by then."""
AHEAD = 3
"""Hours simulated after it ends, to interpolate towards the next 3-hourly step."""
NOISES = 12
FORECAST_ERRORS = {
    "temperature_2m": 1.0,
    "relative_humidity_2m": 4.0,
    "pressure_msl": 0.6,
    "wind_speed_10m": 0.25,
    "wind_direction_10m": 12.0,
    "precipitation": 0.4,
}
"""Standard deviation one day ahead, in the variable's unit; relative for wind speed and rain."""


@dataclass(frozen=True)
class Site:
    """Degrees north and east, and the hours between true steps of the air-quality analysis."""

    latitude: float
    longitude: float
    label_step_hours: int

    @property
    def key(self) -> tuple[int, int]:
        """Whole non-negative numbers that seed this place's noise."""
        return round((self.latitude + 90) * 100), round((self.longitude + 180) * 100)


@dataclass(frozen=True)
class Weather:
    """True weather, each of shape (hours,): °C, %, hPa, m/s, degrees, mm of the hour before."""

    temperature_2m: np.ndarray
    relative_humidity_2m: np.ndarray
    pressure_msl: np.ndarray
    wind_speed_10m: np.ndarray
    wind_direction_10m: np.ndarray
    precipitation: np.ndarray


def simulate_year(
    site: Site, seed: int, year: int, injection: Injection | None
) -> dict[str, np.ndarray]:
    """All variables of one calendar year, each of shape (hours of the year,)."""
    noise = np.concatenate(
        (
            _noise(seed, site.key, year - 1)[:, -RUN_IN:],
            _noise(seed, site.key, year),
            _noise(seed, site.key, year + 1)[:, :AHEAD],
        ),
        axis=1,
    )
    first = date(year, 1, 1) - timedelta(hours=RUN_IN)
    hours = noise.shape[1]

    def strength(kind: str) -> np.ndarray:
        return injection.scale(kind, first, hours) if injection else np.zeros(hours)

    # Rotating the wave by half a turn keeps all its distributions and turns its effect round.
    wave, gusts = _waves(noise)
    turn = np.exp(1j * np.pi * strength("concept"))
    shift = strength("covariate")
    weather = _weather(site, first, wave, gusts, noise, shift)
    felt = _weather(site, first, wave * turn, gusts * turn, noise, shift)
    air = _air(site, first, felt, noise, 1 + 0.5 * strength("prediction"))
    if site.label_step_hours > 1:
        air = {name: _interpolated(values, site.label_step_hours) for name, values in air.items()}
    values = air | vars(weather) | _forecasts(weather, noise)
    return {name: column[RUN_IN : hours - AHEAD].copy() for name, column in values.items()}


@lru_cache(maxsize=6)
def _noise(seed: int, key: tuple[int, int], year: int) -> np.ndarray:
    """Normal draws, shape (NOISES, hours of the year); the last row is a dust load in [0, 1]."""
    rng = np.random.default_rng([seed, *key, year])
    hours = 24 * (date(year + 1, 1, 1) - date(year, 1, 1)).days
    noise = rng.standard_normal((NOISES, hours))
    noise[-1] = 0.0
    for begin in rng.integers(0, hours - 72, rng.poisson(9)):
        length = int(rng.integers(12, 60))
        swell = np.sin(np.linspace(0, np.pi, length)) * rng.uniform(0.3, 1.0)
        window = slice(int(begin), int(begin) + length)
        noise[-1, window] = np.maximum(noise[-1, window], swell)
    return noise


def _waves(noise: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two complex waves of unit variance a part: weather systems (5 days) and winds (4 days).

    Damped oscillations rather than drifting noise: a month then looks like the same month of
    another year, as far as weather ever does.
    """
    systems = _damped(noise[0] + 1j * noise[1], 60, 110)
    return systems, _damped(noise[2] + 1j * noise[3], 30, 90)


def _damped(noise: np.ndarray, memory: float, period: float = np.inf) -> np.ndarray:
    """Recursion z[t] = phi z[t-1] + s noise[t], scaled so that z has the noise's variance.

    `memory` (e-folding) and `period` are hours; a finite period needs complex noise.
    """
    size = np.exp(-1 / memory)
    scaled = noise * np.sqrt(1 - size**2)
    if np.isinf(period):
        return _recursion(float(size), scaled)
    return _recursion(complex(size * np.exp(2j * np.pi / period)), scaled)


def _recursion(factor: complex, noise: np.ndarray) -> np.ndarray:
    def step(state: complex, new: complex) -> complex:
        return factor * state + new

    return np.array(list(accumulate(noise.tolist(), step)))


def _season(site: Site, first: date, hours: int) -> np.ndarray:
    """1 in the middle of the site's summer, -1 in the middle of its winter; shape (hours,)."""
    days = first.toordinal() - date(first.year, 1, 1).toordinal() + np.arange(hours) / 24
    middle = 196 if site.latitude >= 0 else 196 - 182.6
    season: np.ndarray = np.cos(2 * np.pi * (days - middle) / 365.25)
    return season


def _local_hour(site: Site, hours: int) -> np.ndarray:
    """Local solar time in hours, [0, 24), from midnight UTC on."""
    return (np.arange(hours) + site.longitude / 15) % 24


def _weather(
    site: Site,
    first: date,
    wave: np.ndarray,
    gusts: np.ndarray,
    noise: np.ndarray,
    shift: np.ndarray,
) -> Weather:
    """Weather from the two waves; `shift` 1 (covariate drift) adds 5 °C and 50 % wind."""
    hours = len(wave)
    season, local = _season(site, first, hours), _local_hour(site, hours)
    sun = np.cos(2 * np.pi * (local - 15) / 24)
    distance = abs(site.latitude)
    mean = 30 - 0.008 * distance**2
    temperature = mean + min(12, 0.4 * distance) * season + 4.5 * sun + 2.2 * wave.imag + 5 * shift
    moisture = 0.6 * wave.real - 0.5 * wave.imag + 0.3 * season
    humidity = 55 + 16 * moisture - 14 * sun
    rain_chance = moisture + 0.35 * noise[4]
    rain = np.where(rain_chance > 1.25, 3.0 * np.maximum(rain_chance - 1.25, 0) ** 1.3, 0.0)
    speed = (2.8 + 0.8 * season) * np.exp(0.33 * gusts.real + 0.1 * wave.real + 0.25 * sun)
    direction = 230 + 25 * season + 30 * gusts.imag + 10 * wave.imag + 25 * _damped(noise[8], 5)
    return Weather(
        temperature_2m=temperature,
        relative_humidity_2m=np.clip(humidity, 4, 100),
        pressure_msl=1010
        - 6 * season
        - 1.8 * wave.real
        + 1.2 * np.cos(4 * np.pi * (local - 10) / 24),
        wind_speed_10m=speed * (1 + 0.5 * shift),
        wind_direction_10m=direction % 360,
        precipitation=rain,
    )


def _air(
    site: Site, first: date, weather: Weather, noise: np.ndarray, emission: np.ndarray
) -> dict[str, np.ndarray]:
    """Concentrations in µg/m³, each of shape (hours,)."""
    hours = len(emission)
    season, local = _season(site, first, hours), _local_hour(site, hours)
    dust = noise[-1]
    traffic = (
        1 + 0.35 * np.exp(-(((local - 8) / 2) ** 2)) + 0.5 * np.exp(-(((local - 20) / 3) ** 2))
    )
    heating = 1 + 0.03 * np.clip(18 - weather.temperature_2m, 0, 20)
    source = emission * traffic * heating * np.exp(0.4 * _damped(noise[5], 4))
    # Still, cold nights hold the air; a warm afternoon mixes it upwards.
    mixing = np.exp(0.35 * np.cos(2 * np.pi * (local - 14) / 24) + 0.25 * season)
    loss = 0.02 + 0.02 * weather.wind_speed_10m**1.4 * mixing + 0.25 * weather.precipitation**0.6
    box = _box(1.7 * source, np.minimum(loss, 0.9))
    background = emission * 6 * np.exp(0.4 * _damped(noise[6], 40) - 0.15 * season)
    washed = np.exp(-0.3 * weather.precipitation)
    fine = box + background * washed + 22 * dust * washed
    coarse = 0.5 * fine + 3 * weather.wind_speed_10m + 170 * dust * washed
    fresh = source / mixing * np.exp(0.15 * _damped(noise[7], 6))
    return {
        "pm2_5": fine,
        "pm10": fine + coarse,
        "nitrogen_dioxide": 0.15 * box + 5 * fresh,
        "sulphur_dioxide": 2 + 0.12 * box + 1.5 * fresh,
        "carbon_monoxide": 110 + 9 * box + 60 * fresh,
    }


def _box(source: np.ndarray, loss: np.ndarray) -> np.ndarray:
    """Content of the box hour by hour: C[t] = C[t-1] exp(-k[t]) + E[t]; shape (hours,)."""
    level, kept = [], np.exp(-loss).tolist()
    content = float(source[0] / loss[0])
    for gain, keep in zip(source.tolist(), kept, strict=True):
        content = content * keep + gain
        level.append(content)
    return np.array(level)


def _interpolated(values: np.ndarray, step: int) -> np.ndarray:
    """Keep every `step`-th hour and draw straight lines between, as the API does outside Europe.

    The first value lies at 00:00 UTC; hours after the last step repeat it.
    """
    hours = np.arange(len(values))
    straight: np.ndarray = np.interp(hours, hours[::step], values[::step])
    return straight


def _forecasts(weather: Weather, noise: np.ndarray) -> dict[str, np.ndarray]:
    """`<name>_previous_dayN`, N = 1 to 7: the truth plus a lasting error that grows with N."""
    out = {}
    for row, (name, deviation) in enumerate(FORECAST_ERRORS.items()):
        truth = getattr(weather, name)
        # Noise of another hour is as good as fresh noise, and it is there already.
        error = deviation * _damped(np.roll(noise[row + 5], 5000), 9)
        for days in range(1, 8):
            wrong = error * np.sqrt(days)
            if name in ("wind_speed_10m", "precipitation"):
                forecast = truth * np.exp(wrong)
            else:
                forecast = truth + wrong
            if name == "relative_humidity_2m":
                forecast = np.clip(forecast, 1, 100)
            elif name == "wind_direction_10m":
                forecast = forecast % 360
            out[f"{name}_previous_day{days}"] = forecast
    return out
