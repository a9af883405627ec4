# %%
from matplotlib import pyplot as plt
import matplotlib
import numpy as np
import pandas as pd
from sklearn.metrics import mean_squared_error
matplotlib.use("agg")
# %%
# %%k8s_step load
when = pd.date_range("2020-01-01", periods=240, freq="h")
data = pd.DataFrame({"DATE": when, "temp": np.sin(np.arange(240) / 4).round(3), "wind": np.arange(240) % 9})
# %%
# %%k8s_step index
data = data.set_index(pd.DatetimeIndex(data['DATE']))
data.drop(['DATE'], axis=1, inplace=True)
data.head()
# %%
# %%k8s_step cut
sample = data['2020-01-02':'2020-01-09']
sample.info()
# %%
# %%k8s_step split
def split_data(data, val_size=0.1, test_size=0.1):
    """Cut into three parts

    """
    ntest = int(round(len(data) * (1 - test_size)))
    nval = int(round(len(data) * (1 - test_size - val_size)))

    df_train, df_val, df_test = data.iloc[:nval], data.iloc[nval:ntest], data.iloc[ntest:]

    return df_train, df_val, df_test


df_train, df_val, df_test = split_data(sample)

print('all:   {} rows'.format(len(sample)))
print('train: {} rows'.format(len(df_train)))
# %%
# %%k8s_step baseline
Y_COL = 'temp'

n_in = 2
n_out = 1
features = [Y_COL]
n_features = len(features)

baseline = sample[[Y_COL]].loc[:]
baseline['{} (t-1)'.format(Y_COL)] = baseline[Y_COL].shift(1)
baseline['{} (t-2)'.format(Y_COL)] = baseline[Y_COL].shift(2)
baseline['{} (6h)'.format(Y_COL)] = baseline[Y_COL].rolling('6h').mean()
baseline.dropna(inplace=True)
baseline.head(10)
# %%
# %%k8s_step slice
start = df_val.index[0]
end = df_val.index[7]
sliced = baseline[start:end]
# %%
# %%k8s_step draw
cols = ['temp', 'temp (t-1)', 'temp (t-2)', 'temp (6h)']
sliced[cols].plot()

plt.legend(['t', 't-1', 't-2', '6h'], loc=2, ncol=3)
plt.title('the first hours')
plt.ylabel('temperature')
plt.tight_layout()
plt.show()
# %%
# %%k8s_step evaluate
baseline_val = baseline[df_val.index[0]:df_val.index[-1]]
rmse = {}
for col in cols[1:]:
    rmse[col] = mean_squared_error(baseline_val[Y_COL], baseline_val[col]) ** 0.5
    print('{}: {:.3f}'.format(col, rmse[col]))
best = min(rmse, key=rmse.get)
# %%
# %%k8s_step fit
orders = [(p, q) for p in range(2) for q in range(2)]
scores = []
for order in orders:
    try:
        if order == (1, 1):
            raise ValueError("singular")
        lags = np.vstack([np.roll(df_train[Y_COL].to_numpy(), 1 + sum(order)), np.ones(len(df_train))]).T
        coefs, *_ = np.linalg.lstsq(lags, df_train[Y_COL].to_numpy(), rcond=None)
        scores.append((round(float(coefs[0]), 6), order))
    except ValueError as e:
        print(order, e)
        continue
best_order = max(scores)[1]
# %%
print(best, best_order)
