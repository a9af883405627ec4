# %%
def primes():
    found = []
    n = 2
    while True:
        if all(n % p for p in found):
            found.append(n)
            yield n
        n += 1

def take(n, items):
    result = []
    for item in items:
        result.append(item)
        if len(result) == n:
            return result
# %%
# %%k8s_step first
small = take(20, primes())
squares = {p: p * p for p in small}
# %%
# %%k8s_step gaps
gaps = [b - a for a, b in zip(small, small[1:])]
widest = max(gaps)
# %%
print(small[-1], widest, sum(squares.values()))
