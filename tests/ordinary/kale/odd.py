# %%
import math
# %% tags: imports prev:nothing
import json
# %% tags: functions block:first
def shout(text): return text.upper()
# %%
def whisper(text): return text.lower()
# %% tags: pipeline-parameters prev:first
word = "Yes"
# %%
times = 2
# %% tags: skip block:first
word = "never"
# %% tags: block:first annotation:team:a label:kind:b
loud = shout(word) * times
# %%
%%time
quiet = whisper(word)
# %% tags: block:first
both = [loud, quiet]
# %% tags: block:second prev:first
both.append(math.floor(1.5))
# %% tags: pipeline-metrics
print(json.dumps(both))
