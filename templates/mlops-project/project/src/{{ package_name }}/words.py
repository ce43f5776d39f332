"""Words for counts, so that no message speaks of "1 warnings"."""


def counted(count: int, noun: str) -> str:
    """`1 month`, `2 months`, `1,234 months`; `noun` in the singular, of those that take an s."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
