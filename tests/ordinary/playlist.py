# %%
import csv
from random import shuffle

genre, hint, recommendations = "Comedy", "Stone Bridge", 2
movie_data = """title,year,genres,gross
Stone Age,1999,Comedy|Drama,300
Bridges,2004,Drama,100
The Stones,2010,Comedy,700
Rivers,2012,Comedy|Crime,500
Long Road,2013,Crime,50
"""
# %%
# %%k8s_step start
columns = {
    "title": [],
    "year": [],
    "genres": [],
    "gross": [],
}

for row in csv.DictReader(movie_data.splitlines()):
    columns["title"].append(row["title"])
    columns["year"].append(int(row["year"]))
    columns["genres"].append(row["genres"])
    columns["gross"].append(int(row["gross"]))

genres = {
    genre for genres in columns["genres"] for genre in genres.split("|")
}
genres = sorted(genres)
# %%
# %%k8s_step statistics
genre_stats = {}
for one in genres:
    print("statistics of %s" % one)
    selector = [one in row for row in columns["genres"]]
    frame = dict(columns)

    for col in frame.keys():
        frame[col] = [
            col for col, is_genre in zip(frame[col], selector) if is_genre
        ]

    indices = sorted(
        range(len(frame["gross"])), key=frame["gross"].__getitem__
    )
    for col in frame.keys():
        frame[col] = [frame[col][idx] for idx in indices]
    del frame["year"]

    n_points = len(frame["title"])
    quartiles = []
    for cut in [0.25, 0.5, 0.75]:
        idx = 0 if n_points < 2 else round(n_points * cut)
        quartiles.append(frame["gross"][min(idx, n_points - 1)])
    genre_stats[one.lower()] = {"quartiles": quartiles, "columns": frame}
# %%
# %%k8s_step bonus_movie
def _distance(title):
    return sum(a != b for a, b in zip(hint.ljust(20), title.ljust(20)))

distances = [_distance(title) for title in columns["title"]]
index = distances.index(min(distances))
bonus = (columns["title"][index],
         columns["genres"][index])
# %%
# %%k8s_step genre_movies
from itertools import compress

wanted = genre.lower()
if wanted not in genre_stats:
    movies = []

else:
    df = genre_stats[wanted]["columns"]
    quartiles = genre_stats[wanted]["quartiles"]
    selector = [gross >= quartiles[-1] for gross in df["gross"]]
    movies = list(compress(df["title"], selector))

shuffle(movies)
movies.sort()
# %%
# %%k8s_step join
playlist = movies
bonus = bonus[0], bonus[1]
# %%
print("playlist of '%s'" % genre)
for pick, movie in enumerate(playlist, start=1):
    print("%d: '%s'" % (pick, movie))
    if pick >= recommendations:
        break

print("bonus: '%s' of '%s'" % (bonus[0], bonus[1]))
