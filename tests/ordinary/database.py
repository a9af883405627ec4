# %%
import pandas as pd
people = pd.DataFrame({"id": [1, 2, 3], "name": ["Ann", "Bo", "Cy"], "age": [31, 25, 47]})
# %%
# %%k8s_step query
import sqlite3

con = sqlite3.connect(":memory:")
people.to_sql("people", con, index=False)
con.execute("create table orders (person integer, amount real)")
con.executemany("insert into orders values (?, ?)", [(1, 9.5), (1, 3.0), (3, 20.0)])
result = pd.read_sql(
    "select name, sum(amount) as spent from people join orders on orders.person = people.id group by name", con
)
con.close()
del con
# %%
result.sort_values("spent", ascending=False)
# %%
# %%k8s_step rank
ranks = result["spent"].rank(ascending=False).astype(int).tolist()
