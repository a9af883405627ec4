# %% tags: imports
import random
# %% tags: pipeline-parameters
SWEETS = 24
# %% tags: functions
def take_some(left):
    if left == 0:
        print("nothing left")
        return 0
    taken = random.randint(left // 2, left // 2)
    print("took %s" % taken)
    return taken
# %% tags: step:jar
print("a jar of %s, and three hands" % SWEETS)
# %% tags: prev:jar step:anna
anna = take_some(SWEETS)
# %% tags: prev:anna step:ben
ben = take_some(SWEETS - anna)
# %% tags: prev:ben step:carl
carl = take_some(SWEETS - anna - ben)
