"""What must not reach a log even where prompts may: keys, addresses, numbers of people."""

import re

_KINDS = {
    "key": r"\b(?:sk|hf|ghp|gho|glpat|xox[abp]|AKIA|AIza)[-_A-Za-z0-9]{12,}\b",
    "token": r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}\b",
    "email": r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b",
    "iban": r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b",
    "number": r"(?<![\w.])\+?\d(?:[ ().-]?\d){8,18}(?![\w.])",
}
_PATTERN = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _KINDS.items()))


def redact(text: str) -> str:
    """`text` with the kind in place of what looks like a secret or personal: `[email]`."""
    return _PATTERN.sub(lambda found: f"[{found.lastgroup}]", text)
