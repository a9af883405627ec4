# %%
import io
import pandas as pd

raw = """name;born;city
 Ann ;1990;Oslo
Bo;;Rome
Cy;1985;
Ann;1990;Oslo
"""
# %%
def clean(df):
    df = df.copy()
    df["name"] = df["name"].str.strip()
    df["city"] = df["city"].fillna("unknown")
    return df.drop_duplicates().reset_index(drop=True)
# %%
# %%k8s_step read
people = pd.read_csv(io.StringIO(raw), sep=";")
missing = people.isna().sum().to_dict()
# %%
# %%k8s_step tidy
tidy = clean(people)
tidy["born"] = tidy["born"].fillna(tidy["born"].median()).astype(int)
# %%
tidy.describe(include="all")
oldest = tidy.loc[tidy["born"].idxmin(), "name"]
