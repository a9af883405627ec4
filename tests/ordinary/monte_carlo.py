# %%
import math
import random
# %%
def inside(r):
    return r.random() ** 2 + r.random() ** 2 <= 1
# %%
# %%k8s_step sample
r = random.Random(12)
hits = sum(inside(r) for _ in range(5000))
# %%
# %%k8s_step estimate
pi = 4 * hits / 5000
error = abs(pi - math.pi)
# %%
print(f"pi is about {pi:.3f}, off by {error:.3f}")
