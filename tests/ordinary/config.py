# %%
import os
import platform

os.environ["APP_MODE"] = "test"
config = {"mode": "test", "retries": 3, "paths": {"in": "/data/in", "out": "/data/out"}}
DEBUG = False
# %%
def setting(key, default=None):
    value = config
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            return default
        value = value[part]
    return value
# %%
# %%k8s_step resolve
resolved = {key: setting(key, "none") for key in ("mode", "paths.in", "paths.x")}
if DEBUG:
    print(resolved)
mode = os.environ["APP_MODE"]
# %%
config["retries"] += 1
# %%
# %%k8s_step check
problems = [key for key, value in resolved.items() if value == "none"]
retries = config["retries"]
# %%
print(mode, problems, retries)
