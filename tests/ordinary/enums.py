# %%
from enum import Enum, auto

class State(Enum):
    NEW = auto()
    PAID = auto()
    SENT = auto()

NEXT = {State.NEW: State.PAID, State.PAID: State.SENT}
# %%
# %%k8s_step advance
orders = {i: State.NEW for i in range(5)}
for i in orders:
    if i % 2:
        orders[i] = NEXT[orders[i]]
# %%
# %%k8s_step tally
tally = {state.name: 0 for state in State}
for state in orders.values():
    tally[state.name] += 1
paid = [i for i, state in orders.items() if state is State.PAID]
# %%
print(tally, paid)
