# %%
import os
import io
import pandas as pd
from urllib.parse import urlparse
# %%
# these are to be set from outside
data_url = 'https://example.org/files/table.csv'
multiplier = 3
INPUT_PATH = None
OUTPUT_PATH = None
options: dict = {"sep": ","}  # of the reader
names: "list | None" = [
    'a',  # first
# a remark
    'b'
]  # type: List[str]
# %%
# %%k8s_step spread
print(f'from {data_url} ...')

df = pd.read_csv(io.StringIO("1,2\n3,4\n5,6"), header=None, **options)
print(df.head())

df[1] = df[1] * multiplier


if OUTPUT_PATH is not None:
    parsed_url = urlparse(data_url)
    filename = os.path.splitext(os.path.basename(parsed_url.path))[0]
    output_filename = os.path.join(OUTPUT_PATH, f'{filename}-out')
    df.to_csv(output_filename, index=False, header=False)
# %%
# %%k8s_step show
if INPUT_PATH is not None:
    with open(INPUT_PATH, 'r') as input_data:
        data = input_data.read()
        print(data)
df.columns = names
# %%
# %%k8s_step viewer
matrix = [
    ['good', 'good', 10],
    ['good', 'bad', 2],
    ['bad', 'bad', 7]
]

table = pd.DataFrame(matrix, columns=['target', 'predicted', 'count'])

metadata = {
    "outputs": [
        {
            "type": "confusion_matrix",
            "schema": [{"name": one} for one in table.columns],
            "source": table.to_csv(header=False, index=False),
            "labels": [
                "good",
                "bad"
            ]
        }
    ]
}
# %%
df, metadata["outputs"][0]["labels"]
