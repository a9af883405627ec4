"""``python3 -m k8snb.runner <address of the attempt>``."""

from k8snb.runner.supervisor import main

main()
