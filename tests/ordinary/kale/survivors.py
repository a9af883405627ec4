# %% tags: imports
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib import style

from sklearn import linear_model
from sklearn.linear_model import LogisticRegression
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier
from sklearn.svm import SVC
from sklearn.naive_bayes import GaussianNB
# %% tags: block:loaddata
import os
folder = "data/"

LABEL = 'Survived'

os.makedirs(folder, exist_ok=True)
names = ["Ash, Mr. A", "Birch, Mrs. B (Cedar)", "Date, Miss. D", "Elm, Dr. E", "Fir, Master. F", "Gum, Mlle. G"]
frame = pd.DataFrame({"Id": range(60), "Survived": [i % 2 for i in range(60)], "Pclass": [1 + i % 3 for i in range(60)]})
frame["Name"] = [names[i % 6] for i in range(60)]
frame["Sex"] = ["male" if i % 3 else "female" for i in range(60)]
frame["Age"] = [None if i % 7 == 0 else 5.0 + i for i in range(60)]
frame["Sib"] = [i % 2 for i in range(60)]
frame["Par"] = [i % 4 for i in range(60)]
frame["Fare"] = [float(3 * i) for i in range(60)]
frame["Cabin"] = [None if i % 2 else "BCD"[i % 3] + str(i) for i in range(60)]
frame["Port"] = [None if i % 9 == 0 else "SCQ"[i % 3] for i in range(60)]
frame.to_csv(folder + "train.csv", index=False)
frame.drop(columns="Survived").to_csv(folder + "test.csv", index=False)

test_df = pd.read_csv(folder + "test.csv")
train_df = pd.read_csv(folder + "train.csv")
# %% tags: skip
train_df.info()
# %% tags: skip
missing = train_df.isnull().sum().sort_values(ascending=False)
share = round(train_df.isnull().sum() / train_df.isnull().count() * 100, 1)
pd.concat([missing, share], axis=1, keys=['Total', '%']).head(5)
# %% tags: block:preprocess prev:loaddata
both = [train_df, test_df]
for dataset in both:
    dataset['kin'] = dataset['Sib'] + dataset['Par']
    dataset.loc[dataset['kin'] > 0, 'alone'] = 0
    dataset.loc[dataset['kin'] == 0, 'alone'] = 1
    dataset['alone'] = dataset['alone'].astype(int)
train_df['alone'].value_counts()
# %% tags: skip
train_df.groupby('kin')['Survived'].mean().plot()
# %%
train_df = train_df.drop(['Id'], axis=1)
# %%
import re
deck = {"B": 1, "C": 2, "D": 3, "U": 4}
both = [train_df, test_df]

for dataset in both:
    dataset['Cabin'] = dataset['Cabin'].fillna("U0")
    dataset['Deck'] = dataset['Cabin'].map(lambda x: re.compile("([a-zA-Z]+)").search(x).group())
    dataset['Deck'] = dataset['Deck'].map(deck)
    dataset['Deck'] = dataset['Deck'].fillna(0).astype(int)
train_df = train_df.drop(['Cabin'], axis=1)
test_df = test_df.drop(['Cabin'], axis=1)
# %%
both = [train_df, test_df]

for dataset in both:
    mean = train_df["Age"].mean()
    std = test_df["Age"].std()
    is_null = dataset["Age"].isnull().sum()
    drawn = np.random.randint(int(mean), int(mean) + 1, size=is_null)
    ages = dataset["Age"].copy()
    ages[np.isnan(ages)] = drawn
    dataset["Age"] = ages
    dataset["Age"] = train_df["Age"].astype(int)
train_df["Age"].isnull().sum()
# %%
train_df['Port'].describe()
# %%
common = 'S'
for dataset in [train_df, test_df]:
    dataset['Port'] = dataset['Port'].fillna(common)
# %% tags: skip
train_df.info()
# %% tags: block:features prev:preprocess
both = [train_df, test_df]
for dataset in both:
    dataset['Fare'] = dataset['Fare'].fillna(0)
    dataset['Fare'] = dataset['Fare'].astype(int)
# %%
titles = {"Mr": 1, "Miss": 2, "Mrs": 3, "Master": 4, "Rare": 5}
for dataset in both:
    dataset['Title'] = dataset.Name.str.extract(r' ([A-Za-z]+)\.', expand=False)
    dataset['Title'] = dataset['Title'].replace(['Dr', 'Rev', \
                                                 'Sir'], 'Rare')
    dataset['Title'] = dataset['Title'].replace('Mlle', 'Miss')
    dataset['Title'] = dataset['Title'].map(titles).fillna(0)
train_df = train_df.drop(['Name'], axis=1)
test_df = test_df.drop(['Name'], axis=1)
# %%
genders = {"male": 0, "female": 1}
ports = {"S": 0, "C": 1, "Q": 2}
both = [train_df, test_df]

for dataset in both:
    dataset['Sex'] = dataset['Sex'].map(genders)
    dataset['Port'] = dataset['Port'].map(ports)
    dataset.loc[dataset['Age'] <= 18, 'Age'] = 0
    dataset.loc[(dataset['Age'] > 18) & (dataset['Age'] <= 40), 'Age'] = 1
    dataset.loc[dataset['Age'] > 40, 'Age'] = 2
    dataset['Age_Class'] = dataset['Age'] * dataset['Pclass']
# %%
for dataset in both:
    dataset['Share'] = dataset['Fare'] / (dataset['kin'] + 1)
    dataset['Share'] = dataset['Share'].astype(int)
train_df.head(10)
# %%
train_labels = train_df[LABEL]
train_df = train_df.drop(LABEL, axis=1)
# %% tags: block:forest prev:features
forest = RandomForestClassifier(n_estimators=5, random_state=0)
forest.fit(train_df, train_labels)
acc_forest = round(forest.score(train_df, train_labels) * 100, 2)
# %% tags: block:logistic prev:features
logreg = LogisticRegression(solver='lbfgs', max_iter=400)
logreg.fit(train_df, train_labels)
acc_log = round(logreg.score(train_df, train_labels) * 100, 2)
# %% tags: block:bayes prev:features
gaussian = GaussianNB()
gaussian.fit(train_df, train_labels)
acc_gaussian = round(gaussian.score(train_df, train_labels) * 100, 2)
# %% tags: block:svm prev:features
linear_svc = SVC(gamma='auto')
linear_svc.fit(train_df, train_labels)
acc_linear_svc = round(linear_svc.score(train_df, train_labels) * 100, 2)
# %% tags: block:tree prev:features
decision_tree = DecisionTreeClassifier(random_state=0)
decision_tree.fit(train_df, train_labels)
acc_tree = round(decision_tree.score(train_df, train_labels) * 100, 2)
# %% tags: block:results prev:forest prev:logistic prev:bayes prev:svm prev:tree
results = pd.DataFrame({
    'Model': ['SVM', 'Logistic', 'Forest', 'Bayes', 'Tree'],
    'Score': [acc_linear_svc, acc_log,
              acc_forest, acc_gaussian, acc_tree]})
result_df = results.sort_values(by='Score', ascending=False)
result_df = result_df.set_index('Score')
print(result_df)
