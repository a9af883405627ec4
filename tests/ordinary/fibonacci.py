# %%
from functools import lru_cache

@lru_cache(maxsize=None)
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def digits(n):
    return [int(c) for c in str(n)]
# %%
# %%k8s_step compute
numbers = [fib(n) for n in range(40)]
sums = [sum(digits(n)) for n in numbers]
# %%
even = [n for n in numbers if n % 2 == 0]
ratio = numbers[-1] / numbers[-2]
print(f"{ratio:.6f}", len(even))
