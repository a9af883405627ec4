# %% tags: imports
import numpy as np
# %% tags: pipeline-parameters
rows = 5
columns = 6
positive = True
label = 'run'
# %% tags: limit:nvidia.com/gpu:2 step:fill_matrix cache:enabled
filled = np.random.rand(rows, columns) >= 0
# %% tags: prev:fill_matrix step:sum_matrix
total = filled.sum()
# %% tags: pipeline-metrics
print(rows)
print(label)
print(total)
