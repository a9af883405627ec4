"""Arrays and frames: made, looked at through views, changed in place."""

from __future__ import annotations

from writer import NUMBERS, Writer, feature

NUMBERS["array"] = ["int({}.sum() % 50)", "{}.size"]
NUMBERS["frame"] = ["len({})", "int({}.to_numpy().sum() % 50)"]
NUMBERS["series"] = ["len({})", "int({}.sum() % 50)"]
NUMBERS["generator-of-numbers"] = ["int({}.integers(9))"]


@feature("array", 3, group="numpy")
def array(w: Writer) -> list[str]:
    number = w.number()
    forms = (
        f"np.arange({w.random.randint(3, 6)})",
        "np.zeros(4)",
        f"np.array([{number}, 2, 3])",
        "np.ones(3, dtype='float32')",
    )
    return [f"{w.bind('array')} = {w.random.choice(forms)}"]


@feature("array-view", 2, group="numpy")
def array_view(w: Writer) -> list[str] | None:
    name = w.some("array")
    if name is None:
        return None
    form = w.random.choice(
        ("{}[1:]", "{}[::2]", "{}[::-1]", "{}.view()", "{}.ravel()", "{}[:3]", "np.asarray({})", "{}.T")
    )
    return [f"{w.bind('array')} = {form.format(name)}"]


@feature("array-new", 1.5, group="numpy")
def array_new(w: Writer) -> list[str] | None:
    name = w.some("array")
    if name is None:
        return None
    form = w.random.choice(("{} + 1", "{}.copy()", "{}[[0, 1]]", "np.sort({})", "np.where({0} > 1, {0}, 0)"))
    return [f"{w.bind('array')} = {form.format(name)}"]


@feature("array-change", 4, group="numpy")
def array_change(w: Writer) -> list[str] | None:
    name = w.some("array")
    if name is None:
        return None
    form = w.random.choice(
        (
            "{x}[0] = {n}",
            "{x}[1:] *= 2",
            "{x} += 1",
            "{x}[:] = {n}",
            "{x}.sort()",
            "{x}.fill({n})",
            "{x}[-1:][0] = {n}",
            "{x}.flat[0] = {n}",
            "{x}.put(0, {n})",
            "{x}[{x} > 1] = {n}",
        )
    )
    return [form.format(x=name, n=w.number())]


@feature("array-change-by-library", 2, group="numpy")
def array_change_by_library(w: Writer) -> list[str] | None:
    name = w.some("array")
    if name is None:
        return None
    form = w.random.choice(
        (
            "np.put({x}, 0, {n})",
            "np.copyto({x}, {n})",
            "np.add({x}, 1, out={x})",
            "np.add.at({x}, [0, 0], 1)",
            "np.random.default_rng({n}).shuffle({x})",
            "np.fill_diagonal({x}[:2].reshape(1, 2), {n})",
            "np.place({x}, {x} > 1, [{n}])",
            "np.clip({x}, 0, 2, out={x})",
        )
    )
    return [form.format(x=name, n=w.number())]


@feature("array-change-by-function", 1.5, group="numpy")
def array_change_by_function(w: Writer) -> list[str] | None:
    name = w.some("array")
    if name is None:
        return None
    made = w.new("scale")
    body = w.random.choice(
        (["xs *= 2"], ["xs[0] = 7", "return xs"], ["part = xs[1:]", "part[:] = 0"], ["return xs[1:]"])
    )
    return [f"def {made}(xs):", *(f"    {line}" for line in body), f"{w.new('v')} = {made}({name})"]


@feature("array-inside", 1, group="numpy")
def array_inside(w: Writer) -> list[str] | None:
    name = w.some("array")
    if name is None:
        return None
    made = w.new("held")
    forms = (f"{made}['x'][0] = 6", f"print({made}['x'].sum())", f"{made}['y'] = {name}[1:]")
    return [f"{made} = {{'x': {name}}}", w.random.choice(forms)]


@feature("array-random", 1, group="numpy")
def array_random(w: Writer) -> list[str]:
    name = w.some("generator-of-numbers")
    if name and w.random.random() < 0.7:
        return [f"{w.bind('array')} = {name}.integers(9, size=4)"]
    made = w.bind("generator-of-numbers", of_names=["rng2", "noise"])
    return [f"{made} = np.random.default_rng({w.random.randint(0, 9)})"]


@feature("frame", 3, group="pandas")
def frame(w: Writer) -> list[str]:
    number = w.number()
    forms = (
        f"pd.DataFrame({{'p': [1, 2, {number}], 'q': [0.5, 1.5, 2.5]}})",
        f"pd.DataFrame({{'p': range(3), 'q': {number}}})",
        "pd.DataFrame(np.arange(6).reshape(3, 2), columns=['p', 'q'])",
    )
    return [f"{w.bind('frame')} = {w.random.choice(forms)}"]


@feature("frame-part", 2, group="pandas")
def frame_part(w: Writer) -> list[str] | None:
    name = w.some("frame")
    if name is None:
        return None
    kind, form = w.random.choice(
        (
            ("series", "{}['p']"),
            ("frame", "{}[['p']]"),
            ("frame", "{}.head(2)"),
            ("series", "{}.p"),
            ("frame", "{}.copy()"),
        )
    )
    return [f"{w.bind(kind)} = {form.format(name)}"]


@feature("frame-new", 1, group="pandas")
def frame_new(w: Writer) -> list[str] | None:
    name = w.some("frame")
    if name is None:
        return None
    form = w.random.choice(("{}.assign(r=1)", "{}.drop(columns=[])", "{}.sort_values('p')", "{0}[{0}['p'] > 0]"))
    return [f"{w.bind('frame')} = {form.format(name)}"]


@feature("frame-change", 4, group="pandas")
def frame_change(w: Writer) -> list[str] | None:
    name = w.some("frame")
    if name is None:
        return None
    form = w.random.choice(
        (
            "{x}['r'] = {n}",
            "{x}['p'] = {x}['p'] + 1",
            "{x}['p'] += 1",
            "{x}.loc[0, 'p'] = {n}",
            "{x}.iloc[0, 0] = {n}",
            "{x}.at[0, 'p'] = {n}",
            "{x}.insert(0, 's' + str(len({x}.columns)), {n})",
            "{x}.drop(index=[0], inplace=True, errors='ignore')",
            "{x}.sort_values('p', inplace=True, ascending=False)",
            "{x}.rename(columns={{'q': 'w'}}, inplace=True)",
            "{x}.index = range(5, 5 + len({x}))",
            "{x}.columns = [str(c) for c in {x}.columns]",
            "{x}.attrs['unit'] = {n}",
            "{x}.update(pd.DataFrame({{'p': [9]}}))",
            "{x}.reset_index(inplace=True, drop=True)",
            "{x}.pop({x}.columns[-1]) if len({x}.columns) > 1 else None",
            "{x}.fillna(0, inplace=True)",
        )
    )
    return [form.format(x=name, n=w.number())]


@feature("series-change", 2, group="pandas")
def series_change(w: Writer) -> list[str] | None:
    name = w.some("series")
    if name is None:
        return None
    form = w.random.choice(
        ("{x}.iloc[0] = {n}", "{x}[0] = {n}", "{x}.name = 'other'", "{x}.clip(0, 2, inplace=True)", "{x} += 1")
    )
    return [form.format(x=name, n=w.number())]


@feature("frame-change-by-function", 1.5, group="pandas")
def frame_change_by_function(w: Writer) -> list[str] | None:
    name = w.some("frame")
    if name is None:
        return None
    made = w.new("clean")
    body = w.random.choice(
        (
            ["df['f'] = 1"],
            ["df.drop(columns=['q'], inplace=True, errors='ignore')", "return df"],
            ["df = df + 1", "return df"],
        )
    )
    return [f"def {made}(df):", *(f"    {line}" for line in body), f"{w.new('v')} = {made}({name})"]
