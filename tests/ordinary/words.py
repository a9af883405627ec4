# %%
import re
from collections import Counter

text = """It was the best of times, it was the worst of times,
it was the age of wisdom, it was the age of foolishness"""
STOP = {"it", "was", "the", "of"}
# %%
def tokens(text):
    return [w for w in re.findall(r"[a-z]+", text.lower()) if w not in STOP]
# %%
# %%k8s_step count
counts = Counter(tokens(text))
top = counts.most_common(3)
# %%
# %%k8s_step lengths
by_length = {}
for word in counts:
    by_length.setdefault(len(word), []).append(word)
by_length = {k: sorted(v) for k, v in sorted(by_length.items())}
# %%
for word, n in top:
    print(f"{word:>10} {n}")
longest = by_length[max(by_length)]
