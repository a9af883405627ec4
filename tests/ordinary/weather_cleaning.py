# %%
import numpy as np
import pandas as pd
import re
import sys

pd.set_option('display.max_columns', 50)
pd.set_option('display.max_rows', 50)
# %%
# %%k8s_step read
hours = pd.date_range("2020-01-01", periods=12, freq="50min")
raw = pd.DataFrame({
    'DATE': hours,
    'VISIBILITY': ["10", "9.5V", "12", "*", "8", None, "7s", "10", "3", "99", "1", "2"],
    'TEMP': ["30", "31s", "*", "29", "28", "27", None, "30", "31", "33", "35", "34"],
    'RAIN': ["T", "0.02", "0.01s", "0.020.01s", None, "T", "0.1", "*", "0.0", "T", "0.3", "0.4"],
    'TENDENCY': ["1", "2", "3", "11", "8", "0", "4", "5", "6", None, "7", "8"],
    'STATION': ["A"] * 12,
})
raw.head()
# %%
raw.dtypes
# %%
# %%k8s_step select
chosen = [
    'DATE',
    'VISIBILITY',
    'TEMP',
    'RAIN',
    'TENDENCY'
]

hourly = raw[chosen]
hourly = hourly.set_index(pd.DatetimeIndex(hourly['DATE']))
hourly.drop(['DATE'], axis=1, inplace=True)
hourly.replace(to_replace='*', value=np.nan, inplace=True)
hourly.head()
# %%
hourly['RAIN'].unique()
# %%
# %%k8s_step repair
hourly['RAIN'] = hourly['RAIN'].replace(to_replace='T', value='0.00')
hourly['RAIN'] = hourly['RAIN'].replace('0.020.01s', np.nan)
# %%
# %%k8s_step numbers
messy = chosen[1:]

for i in messy:
    hourly[i] = hourly[i].apply(
        lambda x: re.sub('[^0-9,.-]', '', x)
        if type(x) == str else x).replace('', np.nan).astype(('float32'))
# %%
print(hourly.info())
print()
hourly.head()
# %%
# %%k8s_step ranges
cond =\
    len(hourly[~hourly['TENDENCY'].isin(
        list(range(0, 9)) + [np.nan])])

print('between 0 and 8: {}'
      .format(cond == 0))
hourly[(hourly['VISIBILITY'] < 0) | (hourly['VISIBILITY'] > 10)]
# %%
# %%k8s_step out_of_range
hourly.loc[hourly['VISIBILITY'] > 10, 'VISIBILITY'] = np.nan
hourly.loc[hourly['TENDENCY'] > 8, 'TENDENCY'] = np.nan

cond = len(hourly[(hourly['VISIBILITY'] < 0) | (hourly['VISIBILITY'] > 10)])
print(cond == 0)
# %%
# %%k8s_step regular
hourly = hourly.resample('60min').last().reindex(pd.date_range("2020-01-01", periods=11, freq="60min"))
hourly['RAIN'] = hourly['RAIN'].fillna(0)
hourly.ffill(inplace=True)
hourly['STEP'] = hourly['TENDENCY'].apply(lambda x: -1 if x in (0, 1, 2) else x)
dummies = pd.get_dummies(hourly['STEP'].isin([-1]), prefix='falls', dtype=int)
hourly = hourly.join(dummies)
hourly.drop(['STEP'], axis=1, inplace=True)
# %%
# %%k8s_step rename
hourly.columns = [one.lower() for one in hourly.columns]
hourly.index.name = 'date'
print(hourly.columns)
# %%
hourly.head()
