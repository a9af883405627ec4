# %%
from sklearn import datasets
import matplotlib.pyplot as plt
import matplotlib as mpl
# %%
plt.style.use('ggplot')
mpl.rcParams['figure.figsize'] = (12, 8)
# %%
# %%k8s_step load
import pandas as pd
houses = {"frame": pd.DataFrame({"Age": [i % 40 for i in range(80)], "Rooms": [1 + i % 6 for i in range(80)], "Value": [i / 3 for i in range(80)]})}
df = houses['frame']
# %%
df.head()
# %%
# %%k8s_step newer
# only newer ones
df = df[df.Age <= 30]
# %%
# %%k8s_step look
df.Rooms.plot.hist()
# %%
# %%k8s_step smaller
df = df[df.Rooms <= 4]
# %%
from sklearn.model_selection import train_test_split  # noqa
# %%
# %%k8s_step split
X = df.drop('Value', axis='columns')
y = df.Value
X_train, X_test, y_train, y_test = train_test_split(X,
                                                    y,
                                                    test_size=0.33,
                                                    random_state=42)
# %%
# %%k8s_step linear
from sklearn.linear_model import LinearRegression  # noqa
lr = LinearRegression()
lr.fit(X_train, y_train)
y_pred = lr.predict(X_test)
# %%
plt.scatter(x=y_test, y=y_pred)
# %%
# %%k8s_step forest
from sklearn.ensemble import RandomForestRegressor  # noqa
rf = RandomForestRegressor(n_estimators=3, random_state=0)
rf.fit(X_train, y_train)
y_pred = rf.predict(X_test)
_ = plt.scatter(x=y_test, y=y_pred)
# %%
y_pred.round(2)[:3]
