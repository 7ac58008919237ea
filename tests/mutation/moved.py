"""Imports a module with one of its numbers moved.

The module's source is read, the number is wrapped in its syntax tree, and what is compiled from it
takes the place of the module. So whatever is derived from the number moves with it: a default that
another module imports, a constant that a kernel freezes.
"""

import ast
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any


@dataclass(frozen=True)
class Place:
    """Where a number stands: `NAME` or `Class.field` of a module, and `item` of what it holds."""

    module: str
    name: str
    item: int | None = None


def move(value: Any, factor: float) -> Any:
    """Return `value` times `factor`; whole numbers move by at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    if isinstance(value, float) or factor == 1.0:
        return value * factor if isinstance(value, float) else value
    step = max(1, round(abs(value * (factor - 1.0))))
    return value + step if factor > 1.0 else value - step


def numbers_in(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """Return the value, or the values of a literal, of each name that a module or class sets."""
    found: dict[str, list[ast.expr]] = {}
    scopes = [("", tree.body)]
    scopes += [(f"{c.name}.", c.body) for c in tree.body if isinstance(c, ast.ClassDef)]
    for prefix, body in scopes:
        for line in body:
            target = line.targets[0] if isinstance(line, ast.Assign) else None
            target = line.target if isinstance(line, ast.AnnAssign) else target
            value = getattr(line, "value", None)
            if isinstance(target, ast.Name) and value is not None:
                found[prefix + target.id] = _values(value)
            elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                names = [name.id for name in target.elts if isinstance(name, ast.Name)]
                found |= {prefix + n: [v] for n, v in zip(names, value.elts, strict=True)}
    return found


def _values(value: ast.expr) -> list[ast.expr]:
    """Return what a literal or call holds, however deep: `{"a": Motion(1.0, 2.0)}` holds two."""
    parts: list[ast.expr] = []
    if isinstance(value, ast.Dict):
        parts = value.values
    elif isinstance(value, ast.Tuple):
        parts = value.elts
    elif isinstance(value, ast.Call):
        parts = [*value.args, *(keyword.value for keyword in value.keywords)]
    return [one for part in parts for one in _values(part)] if parts else [value]


class _Wrap(ast.NodeTransformer):
    """Puts `move(value, factor)` where `value` stands."""

    def __init__(self, wanted: ast.expr, factor: float) -> None:
        self.wanted, self.factor = wanted, factor

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self.wanted:
            text = f"__import__({__name__!r}, fromlist=['move']).move(0, {self.factor!r})"
            call = ast.parse(text, mode="eval").body
            assert isinstance(call, ast.Call)
            call.args[0] = self.wanted
            return call
        return self.generic_visit(node)


class _Loader(SourceFileLoader):
    """Compiles a module from the changed tree; never from a byte code file."""

    change: Callable[[ast.Module], ast.AST]

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        tree = ast.fix_missing_locations(self.change(ast.parse(self.get_data(path))))
        return compile(tree, path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    """Finds one module and has it changed; leaves all others to the finders behind it."""

    def __init__(self, module: str, change: Callable[[ast.Module], ast.AST]) -> None:
        self.module, self.change = module, change

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None:
            raise ModuleNotFoundError(f"no source of {fullname}")
        spec.loader = _Loader(fullname, spec.origin)
        spec.loader.change = self.change
        return spec


def install(place: Place, factor: float) -> None:
    """Have `place` moved by `factor` when its module is imported.

    Raises:
        RuntimeError: the module is there already, unmoved.
        KeyError: no such name in the module (when it is imported).
    """
    if place.module in sys.modules:
        raise RuntimeError(f"{place.module} was imported before it was moved")

    def change(tree: ast.Module) -> ast.AST:
        return _Wrap(numbers_in(tree)[place.name][place.item or 0], factor).visit(tree)

    sys.meta_path.insert(0, _Finder(place.module, change))
