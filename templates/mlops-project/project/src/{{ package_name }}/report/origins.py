"""The rows that say whose the data are: one, or one a dataset where they are not all of a kind."""

from typing import Any

from ..provenance import LIVE, SIMULATED
from .markdown import NONE, escape
from .outcome import Results, summary

LICENCES = {SIMULATED: "none: generated", LIVE: "CC BY 4.0, attribution below"}


def sources(results: Results) -> list[list[str]]:
    """Who gave the values, and what they did not give."""
    hosts = ", ".join(results["stand_ins"])
    known = {
        SIMULATED: "**simulated**: a seeded generator in Open-Meteo's format",
        LIVE: f"Open-Meteo's format, served by {escape(hosts)}" if hosts else "Open-Meteo",
    }
    rows = []
    for of, origin in _origins(results):
        name, credit = origin["source"], origin.get("attribution")
        said = known.get(name) or escape(f"{name}: {credit}" if credit else str(name))
        absent = ", ".join(origin.get("absent", []))
        rows.append([f"source{of}", f"{said}; without {escape(absent)}" if absent else said])
    return rows


def licences(results: Results) -> list[list[str]]:
    """Under which licence."""
    return [
        [f"licence{of}", LICENCES.get(origin["source"]) or escape(origin.get("licence", NONE))]
        for of, origin in _origins(results)
    ]


def _origins(results: Results) -> list[tuple[str, dict[str, Any]]]:
    """What each row is about (" of air_quality", or nothing where it is all data)."""
    found = (summary(results, "collect") or {}).get("origins", [])
    if not found or {origin["source"] for origin in found} in ({LIVE}, {SIMULATED}):
        return [("", {"source": results["source"]})]
    return [(f" of {escape(origin['dataset'])}", origin) for origin in found]
