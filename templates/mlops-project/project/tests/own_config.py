"""The tests' own place, alert and data: they pass whatever the owner has set in config.toml."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PINNED = {"name": '"Hyderabad"', "latitude": "25.39", "longitude": "68.37", "threshold": "15.0"}
PINNED |= {"use_case": '"pm25"', "sources": "{}", "delay_hours": "3", "step_hours": "0"}


def copy_config(folder: Path) -> Path:
    """Write the project's config.toml into `folder`, with the tests' place, alert and data."""
    text = (ROOT / "config.toml").read_text(encoding="utf-8")
    for key, value in PINNED.items():
        text = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", text, count=1)
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path
