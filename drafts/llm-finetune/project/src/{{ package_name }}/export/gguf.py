"""The merged model as a GGUF file for llama.cpp, where its converter is installed."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from ..config import Config
from ..errors import ModelError
from ..runs import RunFolder

CONVERTER = "convert_hf_to_gguf.py"
_TIMEOUT_S = 3600


def converter(config: Config) -> Path | None:
    """The converter of the configured checkout, else the one on the PATH."""
    if config.export.llama_cpp is not None:
        path = config.at(config.export.llama_cpp) / CONVERTER
        return path if path.is_file() else None
    found = shutil.which(CONVERTER)
    return Path(found) if found else None


def convert(config: Config, run: RunFolder) -> tuple[Path | None, str]:
    """Write `run.exports/model.gguf`; the file, or None, and a sentence on it.

    Raises ModelError when the converter is there and fails.
    """
    script = converter(config)
    if script is None:
        where = config.export.llama_cpp
        return None, (
            f"No GGUF: {where} has no {CONVERTER}."
            if where is not None
            else "No GGUF: llama.cpp's converter is not installed; name a checkout of llama.cpp as "
            "export.llama_cpp."
        )
    if importlib.util.find_spec("gguf") is None and not (script.parent / "gguf-py").is_dir():
        return None, "No GGUF: the converter needs the package gguf (pip install gguf)."
    made = run.exports / "model.gguf"
    half = made.with_name(".model.gguf.half")
    made.parent.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(
            [
                sys.executable,
                str(script),
                str(run.merged),
                "--outfile",
                str(half),
                "--outtype",
                "f16",
            ],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        if done.returncode or not half.is_file():
            last = (done.stderr.strip() or "no message").splitlines()[-1]
            raise ModelError(
                f"llama.cpp's converter failed: {last}",
                "It may not know this architecture yet: update the checkout.",
            )
        half.replace(made)
    finally:
        half.unlink(missing_ok=True)
    return made, f"GGUF (f16): {made} ({made.stat().st_size / 1e6:.1f} MB)"
