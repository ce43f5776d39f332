"""The little Markdown that the blocks use, as HTML: tables, lists, bold, code, links."""

import html
import re

NUMERIC = re.compile(r"^[-+−]?[\d.,]+( ?%)?\b")


def to_html(markdown: str) -> str:
    """HTML of a block's text. Pictures are left out: the page draws its own."""
    parts = []
    for chunk in re.split(r"\n{2,}", markdown.strip()):
        if chunk.startswith("|"):
            parts.append(_table(chunk.splitlines()))
        elif chunk.startswith("<sub>"):
            note = chunk.removeprefix("<sub>").removesuffix("</sub>")
            parts.append(f'<p class="stamp">{_inline(note)}</p>')
        elif chunk.startswith("- "):
            parts.append(_list(chunk.splitlines()))
        elif not chunk.startswith("!["):
            parts.append(f"<p>{_inline(chunk)}</p>")
    return "\n".join(parts)


def _table(lines: list[str]) -> str:
    head, _, *rows = [_cells(line) for line in lines]
    top = "".join(f"<th>{_inline(cell)}</th>" for cell in head)
    top = f"<thead><tr>{top}</tr></thead>" if any(head) else ""
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table>{top}<tbody>{body}</tbody></table></div>'


def _list(lines: list[str]) -> str:
    items = "".join(f"<li>{_inline(line.removeprefix('- '))}</li>" for line in lines)
    return f"<ul>{items}</ul>"


def _cells(line: str) -> list[str]:
    """Cells of a row; an escaped bar is part of its cell."""
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", inner)]


def _cell(text: str) -> str:
    kind = ' class="n"' if NUMERIC.match(text) else ""
    return f"<td{kind}>{_inline(text)}</td>"


def _inline(text: str) -> str:
    """Bold, italics, code and links; everything else is escaped."""
    safe = html.escape(html.unescape(text), quote=False)
    safe = re.sub(r"`([^`]+)`", r"<code>\1</code>", safe)
    safe = re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", safe)
    safe = re.sub(r"(?<!\*)\*([^*]+)\*(?!\*)", r"<i>\1</i>", safe)
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", safe)
