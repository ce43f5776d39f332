"""The page at `/`: base and tuned model side by side, in one HTML file that loads nothing else.

Prompts and answers pass between the page and the chat API only; the key, where one is needed,
stays in the page's memory.
"""

import base64
import hashlib
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from .app import Service

_HERE = files(__package__)
_STYLE, _SCRIPT = ((_HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
_PAGE = Template((_HERE / "page.html").read_text(encoding="utf-8"))
_PANEL = Template((_HERE / "panel.html").read_text(encoding="utf-8"))


def _hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


_CSP = (
    f"default-src 'none'; style-src {_hash(_STYLE)}; script-src {_hash(_SCRIPT)}; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def render(service: "Service") -> Response:
    """The page as things stand: also before the model is there, when it says so."""
    names = service.models.names if service.models else []
    trouble = service.trouble()
    right = names[-1] if len(names) > 1 else ""
    badges = ["proves the road, not a model"] if service.config.is_tiny else []
    html = _PAGE.substitute(
        title=escape(service.title),
        task=escape(service.config.task.replace("_", " ")),
        badges=" ".join(f'<span class="badge">{escape(text)}</span>' for text in badges),
        trouble=f'<p class="trouble" role="alert">{escape(trouble)}</p>' if trouble else "",
        panels=_panel("left", names, "base") + _panel("right", names, right),
        key="" if service.config.serve.api_key is not None else "hidden",
        most=service.config.serve.max_tokens,
        style=_STYLE,
        script=_SCRIPT,
    )
    return Response(html, media_type="text/html", headers={"Content-Security-Policy": _CSP})


def _panel(side: str, names: list[str], chosen: str) -> str:
    options = "".join(
        f"<option{' selected' if name == chosen else ''}>{escape(name)}</option>" for name in names
    )
    return _PANEL.substitute(side=side, options=options or "<option value=''>no model</option>")
