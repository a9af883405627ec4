# %%
import os
from csv import Sniffer
from pathlib import Path

import pandas as pd
# %%
# %%k8s_step load
data_url = os.getenv(
    "DATASET_URL_OF_NOBODY",
    "https://example.org/"
    "flowers.data",
)
print(f"from {data_url} ...")
status, text = 200, "5.1,3.5,small\n4.9,3.0,small\n6.2,2.9,large\n"
if status != 200:
    raise RuntimeError(
        f"no {data_url}: {status}"
    )
data_filename = "flowers.data"
with open(data_filename, "w") as downloaded_file:
    downloaded_file.write(text)
print(f"saved as '{data_filename}'.")

data_filename_in = os.getenv("DATASET_OF_NOBODY", "flowers.data")
with open(data_filename_in) as file_in:
    has_header_row = Sniffer().has_header(file_in.read(4096))
if has_header_row:
    flowers_df = pd.read_csv(data_filename_in)
    # headers = list(flowers_df.columns)
else:
    headers = ["length", "width", "class"]
    flowers_df = pd.read_csv(data_filename_in, names=headers)
del downloaded_file, file_in
# %%
# %%k8s_step save
data_filename_out = str(Path(data_filename_in).with_suffix(".csv"))
flowers_df.to_csv(data_filename_out, index=False)
back = pd.read_csv(data_filename_out)
# %%
# %%k8s_step rename
back.columns = headers
sizes = back.groupby("class").mean(numeric_only=True)
# %%
print(sizes, has_header_row)
