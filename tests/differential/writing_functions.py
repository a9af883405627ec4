"""Functions of the notebook: defined, defined anew, called, given away."""

from __future__ import annotations

from writer import NUMBERS, Writer, feature

FUNCTIONS = ["f", "g", "h", "mk", "go", "ap"]

NUMBERS["function"] = ["{}(2)", lambda w, name: f"{name}({w.random.randint(0, 4)})"]
NUMBERS["counter"] = ["{}()"]


def define(w: Writer, kind: str, body: list[str], head: str = "n") -> list[str]:
    """Return a definition; the body was written before the name is bound, so it may use what that was."""
    name = w.bind(kind, of_names=FUNCTIONS)
    return [f"def {name}({head}):", *(f"    {line}" for line in body)]


@feature("function", 2, then="call")
def function(w: Writer) -> list[str]:
    number = w.number()
    body, head = w.random.choice(
        (
            (["return n + 1"], "n"),
            (["k = n * 2", "return k % 7"], "n, m=1"),
            (["return sum(more) + n"], "n, *more, key=0"),
            ([f"return n + ({number})"], "n"),
            (["return n + k"], f"n, k={number}"),
        )
    )
    return define(w, "function", body, head)


@feature("function-recursive", 0.7, then="call")
def function_recursive(w: Writer) -> list[str]:
    name = w.bind("function", of_names=FUNCTIONS)
    return [f"def {name}(n):", f"    return 0 if n <= 0 else 1 + {name}(n - 1)"]


@feature("function-mutual", 0.7, then="call")
def function_mutual(w: Writer) -> list[str]:
    one = w.bind("function", of_names=FUNCTIONS)
    other = w.bind("function", of_names=FUNCTIONS)
    if one == other:
        return [f"def {one}(n):", "    return n"]
    return [
        f"def {one}(n):",
        f"    return 0 if n <= 0 else {other}(n - 1)",
        f"def {other}(n):",
        f"    return 1 if n <= 0 else {one}(n - 1)",
    ]


@feature("function-reads-global", 2, then="call")
def function_reads_global(w: Writer) -> list[str] | None:
    name = w.some("int", "list", "dict", "set", "nested")
    if name is None:
        return None
    read = {"int": name, "nested": f"len({name}['p'])"}.get(w.names[name].name, f"len({name})")
    return define(w, "function", [f"return n + {read}"])


@feature("function-calls", 1.5, then="call")
def function_calls(w: Writer) -> list[str] | None:
    other = w.some("function")
    if other is None:
        return None
    name = w.bind("function", of_names=[n for n in FUNCTIONS if n != other])
    return [f"def {name}(n):", f"    return {other}(n) + 1"]


@feature("function-default-kept", 0.8, then="call")
def function_default_kept(w: Writer) -> list[str]:
    given = w.some("list")
    default = given if given and w.random.random() < 0.5 else "[]"
    return define(w, "function", ["kept.append(n)", "return len(kept)"], f"n, kept={default}")


@feature("function-attribute", 0.6, then="call")
def function_attribute(w: Writer) -> list[str]:
    name = w.bind("function", of_names=FUNCTIONS)
    return [f"def {name}(n):", f"    {name}.calls += 1", f"    return {name}.calls + n", f"{name}.calls = 0"]


@feature("function-rebinds-global", 1.5, then="call")
def function_rebinds_global(w: Writer) -> list[str]:
    name = w.some("int") or w.bind("int")
    body = w.random.choice((f"{name} = n", f"{name} += n", f"{name} = {name} + n if n else 0"))
    lines = define(w, "function", [f"global {name}", body, f"return {name}"])
    return ([f"{name} = 1"] if name not in w.names else []) + lines


@feature("function-binds-new-global", 0.5)
def function_binds_new_global(w: Writer) -> list[str]:
    name = w.new("made")
    lines = define(w, "function", [f"global {name}", f"{name} = n", "return n"])
    return [*lines, f"{w.some('function')}(3)", f"print({name})"]


@feature("function-deletes-global", 0.3, top=True)
def function_deletes_global(w: Writer) -> list[str] | None:
    name = w.some("int", "list")
    if name is None:
        return None
    w.unbind(name)
    free = w.new("drop")
    return [f"def {free}():", f"    global {name}", f"    del {name}", f"{free}()"]


@feature("function-changes-global", 2, then="call")
def function_changes_global(w: Writer) -> list[str] | None:
    name = w.some("list", "dict", "set", "nested")
    if name is None:
        return None
    forms = {
        "list": [f"{name}.append(n)", f"{name}[0] = n", f"{name}.sort()"],
        "dict": [f"{name}['k'] = n", f"{name}.update(k=n)", f"{name}.setdefault('s', n)"],
        "set": [f"{name}.add(n)", f"{name}.discard(n)"],
        "nested": [f"{name}['p'].append(n)"],
    }
    return define(w, "function", [w.random.choice(forms[w.names[name].name]), "return n"])


@feature("function-changes-argument", 2.5, then="call-changer")
def function_changes_argument(w: Writer) -> list[str]:
    body = w.random.choice(
        (
            ["xs.append(n)"],
            ["xs[0] = n", "return xs"],
            ["xs += [n]", "return len(xs)"],
            ["ys = xs", "ys.append(n)"],
            ["xs.sort()", "return None"],
            ["for i in range(len(xs)):", "    xs[i] += n", "return xs"],
            ["if n > 1:", "    xs.pop()", "else:", "    xs.append(n)"],
            ["both = {'p': xs}", "both['p'].append(n)"],
        )
    )
    return define(w, "changer", body, "xs, n=1")


@feature("function-changes-by-another", 1, then="call-changer")
def function_changes_by_another(w: Writer) -> list[str] | None:
    other = w.some("changer")
    if other is None:
        return None
    name = w.bind("changer", of_names=[n for n in FUNCTIONS if n != other])
    return [f"def {name}(xs, n=2):", f"    return {other}(xs, n)"]


@feature("call-changer", 4)
def call_changer(w: Writer) -> list[str] | None:
    name = w.some("changer")
    about = w.some("list")
    holder = w.some("nested")
    if holder and w.random.random() < 0.3:
        about = f"{holder}['p']"
    if name is None or about is None:
        return None
    number = w.number()
    call = f"{name}({about}, {number})"
    forms = (call, f"{name}(xs={about})", f"print({call})", f"{w.new('v')} = {call}", f"list(map({name}, [{about}]))")
    return [w.random.choice(forms)]


@feature("function-returns-argument", 1, then="call-returner")
def function_returns_argument(w: Writer) -> list[str]:
    body = w.random.choice((["return xs"], ["return xs if n else []"], ["got = xs", "return got"]))
    return define(w, "returner", body, "xs, n=1")


@feature("call-returner", 2)
def call_returner(w: Writer) -> list[str] | None:
    name, about = w.some("returner"), w.some("list")
    if name is None or about is None:
        return None
    return [f"{w.bind('list')} = {name}({about})"]


@feature("function-gives-global", 1)
def function_gives_global(w: Writer) -> list[str] | None:
    name = w.some("list")
    if name is None:
        return None
    made = w.new("give")
    forms = ([f"{made}().append(4)"], [f"{w.bind('list')} = {made}()"])
    return [f"def {made}():", f"    return {name}", *w.random.choice(forms)]


@feature("lambda", 1.2, then="call")
def lambda_(w: Writer) -> list[str]:
    number = w.number()
    about = w.some("list")
    forms = [("function", f"lambda n: n + {number}"), ("function", f"lambda n, k={number}: n + k")]
    if about:
        forms.append(("function", f"lambda n: {about}.append(n) or n"))
    forms.append(("changer", "lambda xs, n=1: xs.append(n)"))
    kind, text = w.random.choice(forms)
    return [f"{w.bind(kind, of_names=FUNCTIONS)} = {text}"]


@feature("closure", 2, then="call")
def closure(w: Writer) -> list[str]:
    made = w.new("counter")
    form = w.random.choice(("nonlocal", "list", "argument"))
    if form == "nonlocal":
        body = ["k = n", "def inc():", "    nonlocal k", "    k += 1", "    return k", "return inc"]
    elif form == "list":
        body = ["k = []", "def inc():", "    k.append(n)", "    return len(k)", "return inc"]
    else:
        body = ["return lambda: n + 1"]
    start = w.number()
    return [f"def {made}(n):", *(f"    {line}" for line in body), f"{w.bind('counter')} = {made}({start})"]


@feature("closure-over-variable", 1, then="call")
def closure_over_variable(w: Writer) -> list[str] | None:
    name = w.some("list")
    if name is None:
        return None
    made = w.new("keeper")
    lines = [f"def {made}(xs):", "    def inc():", "        xs.append(1)", "        return len(xs)", "    return inc"]
    return [*lines, f"{w.bind('counter')} = {made}({name})"]


@feature("closure-shared", 0.8, then="call")
def closure_shared(w: Writer) -> list[str]:
    made = w.new("pair")
    one = w.bind("counter")
    other = w.bind("counter")
    body = ["k = 0", "def inc():", "    nonlocal k", "    k += 1", "    return k", "return inc, lambda: k"]
    return [f"def {made}():", *(f"    {line}" for line in body), f"{one}, {other} = {made}()"]


@feature("call", 3)
def call(w: Writer) -> list[str] | None:
    name = w.some("function", "counter")
    if name is None:
        return None
    text = f"{name}()" if w.names[name].name == "counter" else f"{name}({w.random.randint(0, 3)})"
    if w.random.random() < 0.3:
        return [text]
    return [f"{w.bind('int')} = {text}"] if w.random.random() < 0.6 else [f"print('{name}', {text})"]


@feature("call-as-argument", 1)
def call_as_argument(w: Writer) -> list[str] | None:
    name, about = w.some("function"), w.some("list")
    if name is None or about is None:
        return None
    form = w.random.choice(("[{f}(i % 5) for i in list({x})]", "list(map({f}, [1, 2]))", "sorted({x}, key={f})"))
    return [f"{w.bind('list')} = {form.format(f=name, x=about)}"]


@feature("call-higher", 0.8)
def call_higher(w: Writer) -> list[str] | None:
    name = w.some("function")
    if name is None:
        return None
    made = w.new("twice")
    return [f"def {made}(do, n):", "    return do(do(n) % 4)", f"{w.bind('int')} = {made}({name}, 1)"]


@feature("decorator", 1, then="call")
def decorator(w: Writer) -> list[str]:
    made = w.new("deco")
    seen = w.bind("list")
    name = w.bind("function", of_names=FUNCTIONS)
    wraps = w.random.random() < 0.5
    return [
        *(["import functools"] if wraps else []),
        f"{seen} = [0]",
        f"def {made}(do):",
        *(["    @functools.wraps(do)"] if wraps else []),
        "    def inner(n):",
        f"        {seen}.append(n)",
        "        return do(n)",
        "    return inner",
        f"@{made}",
        f"def {name}(n):",
        "    return n + 1",
    ]


@feature("functools", 0.7)
def functools(w: Writer) -> list[str]:
    name = w.some("function")
    if name and w.random.random() < 0.5:
        return ["import functools", f"{w.bind('counter')} = functools.partial({name}, 2)"]
    name = w.bind("function", of_names=FUNCTIONS)
    return ["from functools import lru_cache", "@lru_cache(maxsize=8)", f"def {name}(n):", "    return n + 3"]


@feature("generator", 0.4)
def generator(w: Writer) -> list[str]:
    made = w.new("gen")
    lines = [f"def {made}(n):", "    for i in range(n):", "        yield i"]
    if w.random.random() < 0.8:  # a generator that is kept cannot travel
        return [*lines, f"{w.bind('list')} = [9, *{made}(2)]"]
    return [*lines, f"{w.bind('generator')} = {made}(3)"]


@feature("function-alias", 0.7)
def function_alias(w: Writer) -> list[str] | None:
    name = w.some("function", "counter")
    if name is None:
        return None
    return [f"{w.bind(w.names[name].name, of_names=FUNCTIONS)} = {name}"]


@feature("functions-in-dict", 0.5)
def functions_in_dict(w: Writer) -> list[str] | None:
    name = w.some("function")
    if name is None:
        return None
    table = w.new("table")
    return [f"{table} = {{'do': {name}}}", f"print({table}['do'](2))"]
