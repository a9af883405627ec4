"""What cells above have set is set in the step too, once the modules are there that it is about."""

from __future__ import annotations

from typing import Any

import pytest

from k8snb.runner.spec import Carried


def test_state_is_set_when_its_module_is_imported(runner: Any) -> None:
    ran = runner.run(
        "import sys\nprint('pandas' in sys.modules, 'numpy' in sys.modules)\n"
        "import pandas as pd\nimport numpy as np\nprint(pd.get_option('display.max_rows'), np.random.rand())",
        carried=[
            Carried("import pandas as pd\npd.set_option('display.max_rows', 7)", ["pandas"], "cell [1]"),
            Carried("import numpy as np\nnp.random.seed(0)", ["numpy"], "cell [1]"),
        ],
    )
    assert ran.text == "False False\n7 0.5488135039273248\n"


def test_the_order_is_kept_and_a_module_may_come_with_another(runner: Any) -> None:
    ran = runner.run(
        "import os\nprint(os.environ['A'])\n"
        "import pandas\nimport matplotlib.pyplot as plt\nprint(plt.rcParams['lines.linewidth'])",
        carried=[
            Carried("import os\nos.environ['A'] = '1'", [], "cell [1]"),
            Carried("import matplotlib.pyplot as plt\nplt.rcParams['lines.linewidth'] = 5", ["matplotlib"], "cell [1]"),
            Carried("import matplotlib.pyplot as plt\nplt.rcParams['lines.linewidth'] = 6", ["matplotlib"], "cell [2]"),
            Carried("import os\nos.environ['A'] = '2'", [], "cell [2]"),
        ],
    )
    assert ran.text == "2\n6.0\n"


@pytest.mark.parametrize("modules", [[], ["decimal"]])
def test_what_cannot_be_set_is_the_steps_error(runner: Any, modules: list[str]) -> None:
    ran = runner.run("import decimal", carried=[Carried("1 / 0", modules, "cell [4], line 2: x")])
    assert ran.result.failure is not None
    assert ran.result.failure.ename == "ConfigError"
    assert "ZeroDivisionError" in ran.result.failure.evalue
    assert "cell [4], line 2" in ran.result.failure.evalue
