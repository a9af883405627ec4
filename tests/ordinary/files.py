# %%
import json
import tempfile
from pathlib import Path
# %%
# %%k8s_step convert
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "settings.json"
    path.write_text(json.dumps({"name": "demo", "sizes": [1, 2, 3]}))
    settings = json.loads(path.read_text())
    lines = ["a,b", "1,2", "3,4"]
    (Path(folder) / "t.csv").write_text("\n".join(lines))
    with open(Path(folder) / "t.csv") as f:
        header, *body = [line.strip().split(",") for line in f]
del folder, path, f
# %%
total = sum(int(cell) for row in body for cell in row)
settings["total"] = total
# %%
# %%k8s_step summarise
summary = f"{settings['name']}: {len(body)} rows, total {settings['total']}"
# %%
print(summary)
