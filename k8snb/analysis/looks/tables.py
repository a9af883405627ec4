"""What is known to leave plain data alone that it is given: functions, methods, packages.

Plain data are containers of Python's own, numbers, text, dates, arrays and frames. Whatever is not named here may
change what it is given.
"""

from __future__ import annotations

from k8snb.analysis.tables import words

PLAIN_RESULT = words("""
    abs all any ascii bin bool bytes callable chr complex display divmod float format hasattr hash hex id int isinstance
    issubclass len oct ord pow print range repr round str type
""")
"""Builtins whose result holds nothing of what they are given."""

NEW_CONTAINER = words("""
    dict enumerate filter frozenset iter list map reversed set sorted sum tuple zip Counter DataFrame OrderedDict Series
    array concat copy deque tqdm
""")
"""Functions whose result is new and holds parts of what they are given: changing it changes nothing else."""

ELEMENTS = words("max min")
"""Builtins whose result is a part of what they are given."""

PLAIN_METHODS = words("""
    all any argmax argmin argsort astype bit_length capitalize casefold center corr count cov date day dayofweek
    decode describe dot encode end endswith find findall format fullmatch group groupdict groups hex idxmax idxmin
    index info isalnum isalpha isdigit isdisjoint isin isna isnull isnumeric isoformat isspace issubset issuperset
    join kurt ljust lower lstrip match mean median memory_usage mode month nbytes notna notnull nunique prod
    quantile removeprefix removesuffix rfind rindex rjust rpartition rsplit rstrip search sem skew span split
    splitlines start startswith std strftime strip swapcase tell time timestamp title to_csv to_feather to_html
    to_json to_latex to_markdown to_parquet to_string tobytes total_seconds translate upper value_counts var weekday
    zfill
""")
"""Methods of plain data whose result holds nothing of it."""

NEW_FROM_METHOD = words("""
    abs agg aggregate apply applymap assign between bfill clip combine_first copy cummax cummin cumprod cumsum diff
    difference div drop drop_duplicates droplevel dropna duplicated eq ewm expanding explode ffill fillna filter
    finditer ge groupby gt head interpolate intersection items iterrows itertuples keys le lt map mask melt merge mod
    most_common mul ne nlargest nsmallest pct_change pipe pivot pivot_table query rank reindex rename rename_axis
    replace resample reset_index rolling round sample select_dtypes set_axis set_index shift sort_index sort_values
    stack sub sum swaplevel symmetric_difference tail to_dict to_frame to_list tolist transform truncate tz_convert
    tz_localize union unique unstack where xs
""")
"""Methods of plain data whose result is new and holds parts of it."""

PARTS_FROM_METHOD = words("flatten get item max min ravel reshape squeeze swapaxes to_numpy transpose values view")
"""Methods of plain data whose result is, or looks at, a part of it."""

FILLING = words("""
    add append appendleft clear difference_update discard extend extendleft insert intersection_update move_to_end pop
    popitem popleft remove reverse rotate setdefault sort subtract symmetric_difference_update update write writelines
    writerow writerows
""")
"""Methods that change the container that they are called on, and nothing that is in it or that they are given."""

FILLING_ONE = words("add append appendleft insert setdefault")
"""Those of `FILLING` that take what they are given as it is, and not its elements."""

KEYED = words("setdefault get pop add discard remove index count")
"""Methods whose first argument is only compared with what is there, or can be hashed: nothing in it can be changed."""

TAKING_METHODS = FILLING | words("""
    combine_first corr count difference dot eq fillna findall finditer format fullmatch ge get gt index intersection
    isdisjoint isin issubset issuperset join le lt map mask match merge mod mul ne query reindex replace search sub
    symmetric_difference union where
""")
"""Methods that leave alone what they are given."""

OF_ESTIMATORS = words("""
    fit fit_transform fit_predict transform predict predict_proba decision_function score inverse_transform
""")
"""Methods of scikit-learn's estimators."""

CALLS_LATER = words("""
    FunctionTransformer make_scorer accumulate ChainMap apply_along_axis apply_over_axes frompyfunc piecewise vectorize
""")
"""Functions that call functions in a way that is not looked into, or whose results write into what they are given."""

TAKES_FUNCTIONS = words("""
    agg aggregate apply applymap dropwhile filter filterfalse groupby map pipe reduce starmap takewhile transform
""")
"""Functions and methods that call their first argument."""

CALLED_BACK = words("aggfunc cls default func function key keyfunc metric object_hook scoring")
"""Arguments that are called."""

LOOKING_PACKAGES = words("""
    base64 collections copy csv datetime decimal fractions hashlib html io itertools json math numpy os
    pandas pathlib pickle pprint random re sklearn statistics string struct tabulate textwrap time tqdm typing
""")
"""Packages whose functions leave what they are given alone, but for those in `tables.CHANGING_FUNCTIONS`."""

GETTERS = frozenset({"operator.itemgetter", "operator.attrgetter"})
"""What makes functions that only look."""

IN_PLACE = words("out inplace copy overwrite_x overwrite_a overwrite_b overwrite_input where_out")
"""Arguments that let a function work in place."""

UNKNOWABLE = words("eval exec globals locals vars get_ipython compile __import__ breakpoint")
"""Functions with which a cell may do anything to its names."""

NO_OPERATORS = words("__init__ __post_init__ __repr__ __str__ __len__ __bool__ __hash__")
"""Methods that Python calls by itself, but not with other objects of the notebook."""

BUILTINS = PLAIN_RESULT | NEW_CONTAINER | ELEMENTS
METHODS = PLAIN_METHODS | NEW_FROM_METHOD | PARTS_FROM_METHOD | FILLING
