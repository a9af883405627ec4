# %%
import pandas as pd
from datetime import date, timedelta

start = date(2024, 1, 1)
days = [start + timedelta(days=i) for i in range(90)]
# %%
# %%k8s_step build
rows = []
for i, day in enumerate(days):
    for shop in ("north", "south", "west"):
        rows.append({"day": day, "shop": shop, "units": (i * 7 + len(shop)) % 23, "price": 2.5 + i % 3})
sales = pd.DataFrame(rows)
sales["revenue"] = sales["units"] * sales["price"]
# %%
# %%k8s_step report
by_shop = sales.groupby("shop")["revenue"].agg(["sum", "mean"]).round(2)
best = by_shop["sum"].idxmax()
pivot = sales.pivot_table(index="day", columns="shop", values="units", aggfunc="sum")
# %%
by_shop
# %%
total = float(by_shop["sum"].sum())
