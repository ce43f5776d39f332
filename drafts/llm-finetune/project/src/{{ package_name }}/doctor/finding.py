"""One result of one check: a sentence, and what to do where it failed."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """What a check found. `shown` holds evidence to look at, such as decoded tokens."""

    name: str
    failed: bool
    message: str
    fix: str = ""
    shown: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """For people: the sentence, the evidence, the fix."""
        told = [f"{'FAIL' if self.failed else 'ok':<5}{self.name}: {self.message}"]
        told += [f"     {line}" for line in self.shown]
        return [*told, f"     Fix: {self.fix}"] if self.failed and self.fix else told


def passed(name: str, message: str, *shown: str) -> Finding:
    """A check that found nothing wrong."""
    return Finding(name, False, message, shown=list(shown))


def failed(name: str, message: str, fix: str, *shown: str) -> Finding:
    """A check that found something wrong."""
    return Finding(name, True, message, fix, list(shown))
