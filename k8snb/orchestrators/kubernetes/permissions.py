"""What a user must be permitted in the namespace, and the command that grants it. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_RBAC = "rbac.authorization.k8s.io"
_DENIED = re.compile(
    r'User "(?P<user>[^"]+)" cannot (?P<verb>\w+) resource "(?P<resource>[^"/]+)(?:/(?P<subresource>[^"]+))?" '
    r'in API group "(?P<group>[^"]*)" in the namespace "(?P<namespace>[^"]+)"'
)


@dataclass(frozen=True)
class Permission:
    """A verb on a resource of the namespace."""

    verb: str
    resource: str
    subresource: str = ""
    group: str = ""

    @property
    def kind(self) -> str:
        """The resource and what of it, as a Role names it."""
        return self.resource + (f"/{self.subresource}" if self.subresource else "")

    @property
    def name(self) -> str:
        """The resource as kubectl names it."""
        group = f".{self.group}" if self.group else ""
        return f"{self.resource}{group}" + (f"/{self.subresource}" if self.subresource else "")


_JOBS = [Permission(verb, "jobs", group="batch") for verb in ("create", "get", "list", "delete")]
_PODS = [Permission(verb, "pods") for verb in ("get", "list", "watch")]
NEEDED = [*_JOBS, *_PODS, Permission("get", "pods", "log")]
ATTACH = [Permission(verb, "pods", "attach") for verb in ("create", "get")]  # which of them depends on the version
EVENTS = [Permission(verb, "events") for verb in ("list", "watch")]
SECRETS = [Permission("create", "secrets")]
MAKE_NAMESPACE = Permission("create", "namespaces")
"""Of the cluster, and needed only where the namespace is not there."""
GRANTED = [*NEEDED, *EVENTS]
"""What a grant holds at least; not `ATTACH`: whoever wants it quicker adds that on purpose."""


def grant(namespace: str, user: str, permissions: Iterable[Permission]) -> str:
    """Return the command that grants permissions, and no more, to a user.

    The Role is named by what it holds and the RoleBinding by user and Role: to run it again changes nothing, and what
    was granted to someone else, or before, stands beside it.

    Examples
    --------
    >>> print(grant("ml", "ann", [Permission("get", "pods")]))
    kubectl -n ml apply -f - <<'END'
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata: {"name": "k8snb-50dc6be648"}
    rules:
    - {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata: {"name": "k8snb-5c4104d77f"}
    roleRef: {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "k8snb-50dc6be648"}
    subjects:
    - {"kind": "User", "name": "ann", "apiGroup": "rbac.authorization.k8s.io"}
    END
    """
    verbs: dict[tuple[str, str], set[str]] = {}
    for permission in permissions:
        verbs.setdefault((permission.group, permission.kind), set()).add(permission.verb)
    rules = [
        json.dumps({"apiGroups": [group], "resources": [kind], "verbs": sorted(verbs[group, kind])})
        for group, kind in sorted(verbs)
    ]
    role = f"k8snb-{short(json.dumps(rules))}"
    reference = {"apiGroup": _RBAC, "kind": "Role", "name": role}
    return "\n".join(
        [
            f"kubectl -n {namespace} apply -f - <<'END'",
            *_head("Role", role),
            "rules:",
            *(f"- {rule}" for rule in rules),
            "---",
            *_head("RoleBinding", f"k8snb-{short(json.dumps([user, role]))}"),
            f"roleRef: {json.dumps(reference)}",
            "subjects:",
            f"- {json.dumps(_subject(user))}",
            "END",
        ]
    )


def how_to_grant(namespace: str, user: str, permissions: Sequence[Permission], *, seen: bool = True) -> str:
    """Return the way out where permissions are missing: what someone else is to run.

    Parameters
    ----------
    namespace, user : str
    permissions : sequence of Permission
        All that the Role is to hold.
    seen : bool
        The namespace is known to be there; else it is made first where it is not.
    """
    make = "" if seen else f"kubectl get namespace {namespace} || kubectl create namespace {namespace}\n"
    return f"someone who may grant it runs:\n{make}{grant(namespace, user, permissions)}"


def how_to_permit(denied: str) -> str | None:
    """Return the way out of what the API said where it did not permit something; None where it is about another thing.

    Parameters
    ----------
    denied : str
        The message of an answer 403.
    """
    match = _DENIED.search(denied)
    if match is None:
        return None
    missing = Permission(match["verb"], match["resource"], match["subresource"] or "", match["group"])
    return f"the permission is missing; {how_to_grant(match['namespace'], match['user'], [*GRANTED, missing])}"


def short(text: str) -> str:
    """Return a text's digest as it stands in names."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _head(kind: str, name: str) -> list[str]:
    return [f"apiVersion: {_RBAC}/v1", f"kind: {kind}", f"metadata: {json.dumps({'name': name})}"]


def _subject(user: str) -> dict[str, str]:
    account = user.removeprefix("system:serviceaccount:")
    namespace, colon, name = account.partition(":")
    if account != user and colon:
        return {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    return {"kind": "User", "name": user, "apiGroup": _RBAC}
