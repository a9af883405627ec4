# %%
from dataclasses import dataclass, field, asdict, replace
# %%
@dataclass
class Item:
    name: str
    price: float
    tags: list = field(default_factory=list)

    @property
    def taxed(self):
        return round(self.price * (1 + TAX), 2)

TAX = 0.19
# %%
# %%k8s_step stock
items = [Item("pen", 1.5, ["office"]), Item("desk", 120.0), Item("lamp", 35.0, ["light"])]
items[0].tags.append("small")
prices = {i.name: i.taxed for i in items}
# %%
# %%k8s_step discount
cheaper = [replace(i, price=i.price * 0.9) for i in items]
table = [asdict(i) for i in cheaper]
# %%
saved = sum(a.price - b.price for a, b in zip(items, cheaper))
prices
