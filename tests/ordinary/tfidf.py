# %%
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

docs = ["the cat sat on the mat", "the dog sat on the log", "cats and dogs are pets", "stocks fell on monday"]
# %%
# %%k8s_step vectorise
vectorizer = TfidfVectorizer(lowercase=True)
matrix = vectorizer.fit_transform(docs)
vocabulary = sorted(vectorizer.vocabulary_)
# %%
# %%k8s_step compare
similarity = cosine_similarity(matrix).round(3)
closest = int((similarity - 2 * (similarity > 0.999)).argmax() % len(docs))
# %%
query = vectorizer.transform(["a cat on a log"])
best = docs[int(cosine_similarity(query, matrix).argmax())]
print(best, closest)
