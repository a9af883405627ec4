"""The `kubernetes` orchestrator: a Job of one pod per attempt."""

from k8snb.orchestrators.kubernetes.orchestrator import KubernetesOrchestrator
from k8snb.orchestrators.kubernetes.settings import Settings

__all__ = ["KubernetesOrchestrator", "Settings"]
