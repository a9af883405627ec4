# %%
import re
from datetime import datetime
import logging

logging.basicConfig(level=logging.WARNING, format="%(message)s")
log_lines = [f"2024-03-0{1 + i % 3} 12:00:0{i} {'ERROR' if i % 4 == 0 else 'INFO'} job {i}" for i in range(9)]
# %%
# %%k8s_step parse
pattern = re.compile(r"(\S+ \S+) (\w+) (.*)")
records = []
for line in log_lines:
    if match := pattern.match(line):
        when, level, message = match.groups()
        records.append((datetime.fromisoformat(when), level, message))
# %%
# %%k8s_step report
errors = [message for _, level, message in records if level == "ERROR"]
per_day = {}
for when, *_ in records:
    per_day[when.date().isoformat()] = per_day.get(when.date().isoformat(), 0) + 1
# %%
print(errors, per_day)
