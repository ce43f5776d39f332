"""How a file becomes part of the package: it lies in the right folder and declares one constant.

`data/sources/` looks for SOURCE, `usecase/` for USE_CASE. No list of them stands anywhere else.
"""

import pkgutil
from importlib import import_module
from typing import Protocol, TypeVar

from .errors import ConfigError


class Named(Protocol):
    """What can be chosen by its name."""

    @property
    def name(self) -> str:
        """Unique in its folder."""
        ...


Declared = TypeVar("Declared", bound=Named)


def declared(package: str, constant: str, kind: type[Declared]) -> dict[str, Declared]:
    """The `constant` of every module of `package` that has one, by its name.

    Raises ConfigError when one is not of `kind`, or when two have the same name.
    """
    found: dict[str, Declared] = {}
    for entry in pkgutil.iter_modules(import_module(package).__path__):
        module = import_module(f"{package}.{entry.name}")
        each = getattr(module, constant, None)
        if each is None:
            continue
        if not isinstance(each, kind):
            raise ConfigError(f"{constant} in {module.__file__} is not a {kind.__name__}.")
        if each.name in found:
            raise ConfigError(
                f"{module.__file__} declares '{each.name}', which another file of its folder does.",
                "Give one of the two another name.",
            )
        found[each.name] = each
    return dict(sorted(found.items()))


def chosen(found: dict[str, Declared], name: str, what: str, *, exit_code: int = 1) -> Declared:
    """The one called `name`. Raises ConfigError, with `exit_code`, that lists what there is."""
    try:
        return found[name]
    except KeyError:
        names = ", ".join(found)
        raise ConfigError(
            f"There is no {what} '{name}'.", f"Choose one of {names}.", exit_code=exit_code
        ) from None
