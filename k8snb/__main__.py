"""``python -m k8snb``: the command line."""

import sys

from k8snb.cli import main

sys.exit(main())
