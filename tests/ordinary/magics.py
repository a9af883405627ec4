# %%
import math
values = list(range(1, 200))
# %%
# %%k8s_step roots
%time roots = [math.sqrt(v) for v in values]
whole = [int(r) for r in roots if r.is_integer()]
# %%
# %%k8s_step shell
out = !echo {len(whole)}
answer = int(out[0])
# %%
print(answer, whole[-1])
