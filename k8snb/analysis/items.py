"""``globals()["x"]`` at a cell's own level is the name `x`, and is read as that."""

from __future__ import annotations

import ast


def put_names(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Put names in the place of constant items of ``globals()`` in a cell's tree; return all nodes of it.

    In functions, classes and comprehensions the name may be another: these are left as they are.
    """
    nodes = tuple(ast.walk(tree))
    if not any(map(_is_globals, nodes)):
        return nodes
    _Items().visit(tree)
    return tuple(ast.walk(tree))


class _Items(ast.NodeTransformer):
    def leave(self, node: ast.AST) -> ast.AST:
        """Leave alone what has a scope of its own."""
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = leave  # noqa: N815
    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = leave  # noqa: N815

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """Put the name in the place of its item."""
        match node:
            case ast.Subscript(value=call, slice=ast.Constant(value=str(name))) if _is_globals(call):
                if name.isidentifier():
                    return ast.copy_location(ast.Name(name, node.ctx), node)
        return self.generic_visit(node)


def _is_globals(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="globals"), args=[], keywords=[]):
            return True
    return False
