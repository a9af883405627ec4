# %%
from typing import Annotated, List, NamedTuple, Optional, Tuple
import functools
import logging

logger = logging.getLogger(__name__)
# %%
def component(func=None, **settings):
    """Leaves a function as it is, with a word about it."""
    if func is None:
        return functools.partial(component, **settings)
    func.settings = settings
    return func
# %%
@component
def add(a: float, b: float) -> float:
    '''The sum of two'''
    return a + b


@component(image='python:3.11')
def divide(dividend: float, divisor: float) -> NamedTuple('Division', [('quotient', float), ('remainder', float)]):
    '''Two results'''
    import numpy as np

    def helper(dividend, divisor):
        return np.divmod(dividend, divisor)

    (quotient, remainder) = helper(dividend, divisor)

    from collections import namedtuple
    output = namedtuple('Division', ['quotient', 'remainder'])
    return output(float(quotient), float(remainder))
# %%
# %%k8s_step calculate
def calculation(
   a: float = 7.0,
   b: float = 8.0,
   c: float = 17.0,
):
    first = add(a=a, b=4.0)
    second = divide(dividend=first, divisor=b)
    return add(a=second.quotient, b=c)

value = calculation()
parts = divide(29.0, 4.0)
# %%
# %%k8s_step spread
quotient, remainder = parts
names = parts._fields
# %%
class Sizes(NamedTuple):
    train: int
    test: int = 2
# %%
# %%k8s_step split
def splitter(
    dataset: List[int], share: float = 0.5, drop: Optional[List[int]] = None
) -> Tuple[Annotated[List[int], "train"], Annotated[List[int], "test"]]:
    """Cut in two."""
    dataset = [one for one in dataset if one not in (drop or [])]
    cut = int(len(dataset) * share)
    logger.info(f"{len(dataset)} rows")
    return dataset[:cut], dataset[cut:]

train, test = splitter(list(range(10)), drop=[3])
sizes = Sizes(len(train))
# %%
# %%k8s_step measure
sizes = sizes._replace(test=len(test))
image = divide.settings["image"]
share = sizes.train / sum(sizes)
# %%
print(value, parts, sizes, image)
