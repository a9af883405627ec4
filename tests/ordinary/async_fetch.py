# %%
import asyncio

urls = [f"item/{i}" for i in range(5)]

async def fetch(url):
    await asyncio.sleep(0)
    return len(url), url.upper()
# %%
# %%k8s_step gather
pages = await asyncio.gather(*[fetch(u) for u in urls])
sizes = [size for size, _ in pages]
# %%
# %%k8s_step total
total = sum(sizes)
names = [name for _, name in pages]
# %%
print(total, names[-1])
