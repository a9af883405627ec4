"""The options of a step: the same in the magic's line, in ``k8snb.toml``, on the command line and in Python."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class StepOptions:
    """How a step is run.

    Parameters
    ----------
    inputs, outputs : tuple of str or None
        Overrule the analysis (``--in a,b``, ``--out c``); None: as analysed.
    after : tuple of str
        Steps to wait for besides those that the data names.
    image : str or None
        Base image; None: the stack's.
    requirements : str or None
        A requirements file, relative to the notebook.
    files : tuple of str
        Files and folders that travel, relative to the notebook.
    cpu, memory : str or None
        Kubernetes quantities: request and limit (``"500m"``, ``"2Gi"``).
    gpu : int
        With any, ``/dev/shm`` is in memory without a limit of its own.
    shm : str or None
        Size of ``/dev/shm``, as a quantity; None: 64 MB, or see `gpu`.
    env : mapping of str to str
    secrets : tuple of str
        ``NAME`` (a Kubernetes Secret, every key an environment variable) or ``ENV=NAME/KEY``.
    retries : int
        Attempts after the first where the step's code failed.
    timeout : float or None
        Seconds.
    cache : bool
    node_selector : mapping of str to str
    tolerations : tuple of str
        ``key=value:effect`` or ``key:effect``.
    volumes : tuple of str
        ``CLAIM:/path``.
    service_account : str or None
    skew : tuple of str
        ``NAME`` or ``LABEL=NAME``: data sets that must not have drifted from the first one when the cell has ended.
    max_psi, max_js, max_l_infinity, max_ks : float or None
        How far at most, see `k8snb.distributions.verdict.Thresholds`; where any is given, only that counts.
    skew_alpha : float or None
        How likely chance may be for a distance to count.
    given : frozenset of str
        The fields that the step's own line gives: no table of ``k8snb.toml`` overrules them.
    """

    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] | None = None
    after: tuple[str, ...] = ()
    image: str | None = None
    requirements: str | None = None
    files: tuple[str, ...] = ()
    cpu: str | None = None
    memory: str | None = None
    gpu: int = 0
    shm: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    retries: int = 0
    timeout: float | None = None
    cache: bool = True
    node_selector: dict[str, str] = field(default_factory=dict)
    tolerations: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    service_account: str | None = None
    skew: tuple[str, ...] = ()
    max_psi: float | None = None
    max_js: float | None = None
    max_l_infinity: float | None = None
    max_ks: float | None = None
    skew_alpha: float | None = None
    given: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def skew_sets(self) -> dict[str, str]:
        """What each data set of the gate is called, and the name that it is bound to."""
        return {label: name or label for label, _, name in (one.partition("=") for one in self.skew)}

    @property
    def skew_limits(self) -> dict[str, float | None]:
        """The thresholds of the gate, where they are not the usual ones."""
        limits = {"psi": self.max_psi, "js": self.max_js, "l_infinity": self.max_l_infinity, "ks": self.max_ks}
        given = {} if all(limit is None for limit in limits.values()) else limits
        return given if self.skew_alpha is None else {**given, "alpha": self.skew_alpha}

    @property
    def mounts(self) -> list[str]:
        """What makes the pod mount a volume, which costs 0.3 s at its start: the options' names."""
        asked = {
            "--volume": self.volumes,
            "--shm": self.shm,
            "--gpu": self.gpu,
            "--service-account": self.service_account,
        }
        return [option for option, value in asked.items() if value]
