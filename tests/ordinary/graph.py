# %%
from collections import defaultdict, deque

edges = [("a", "b"), ("b", "c"), ("c", "d"), ("a", "e"), ("e", "d")]
# %%
# %%k8s_step build
graph = defaultdict(list)
for u, v in edges:
    graph[u].append(v)
    graph[v].append(u)
nodes = sorted(graph)
# %%
def shortest(graph, start, end):
    queue, seen = deque([[start]]), {start}
    while queue:
        path = queue.popleft()
        if path[-1] == end:
            return path
        for neighbour in graph[path[-1]]:
            if neighbour not in seen:
                seen.add(neighbour)
                queue.append(path + [neighbour])
# %%
# %%k8s_step search
path = shortest(graph, "a", "d")
lengths = {node: len(shortest(graph, "a", node)) - 1 for node in nodes}
# %%
print(" -> ".join(path), lengths)
