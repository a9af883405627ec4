"""Names that the analysis knows: what is always there, what changes its object, what lets exceptions through."""

from __future__ import annotations

import builtins
import re


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


GIVEN = frozenset(dir(builtins)) | words("""
    display get_ipython exit quit __name__ __doc__ __file__ __builtins__ __package__ __spec__ __loader__ __annotations__
    __class__ __classdict__ __qualname__ __module__ __firstlineno__ __conditional_annotations__
""")
"""Names that are there without anyone binding them, in a kernel and in a pod."""

CHANGING_METHODS = words("""
    append extend insert remove pop clear sort reverse update setdefault popitem add discard difference_update
    intersection_update symmetric_difference_update appendleft extendleft popleft move_to_end __setitem__ __delitem__
    __next__ fill itemset setflags put
    fit partial_fit fit_transform fit_predict fit_resample set_params compile load_state_dict zero_grad backward step
    write writelines read seek read_string read_dict put_nowait get_nowait
    add_parser add_subparsers add_argument add_argument_group add_mutually_exclusive_group
    putpixel paste putdata putalpha putpalette alpha_composite thumbnail
""")
"""Of containers, arrays, estimators, networks, files in memory, queues, parsers, images. Not what text and frames also
have and return anew (``partition``, ``rotate``, ``resize``)."""

BUFFERS = frozenset({"io.StringIO", "io.BytesIO", "StringIO", "BytesIO"})
"""What whoever is given it reads from, or writes to."""

CHANGING_METHODS_OF = {"rotate": ("collections.deque",)}
"""Methods that change only what is made so: others have them too and return anew."""

DRAWS = words("""
    random normal uniform integers choice permutation permuted shuffle standard_normal poisson binomial exponential beta
    gamma randint randn rand randrange sample gauss choices bytes multivariate_normal lognormal
""")
"""Methods of a random generator; each draw changes its state."""

DRAWS_ON = words("""
    plot scatter bar barh hist hist2d boxplot violinplot pie imshow matshow pcolormesh contour contourf fill
    fill_between step stem errorbar quiver stackplot hlines vlines axhline axvline axhspan axvspan axline text annotate
    legend grid margins twinx twiny clear cla clf delaxes colorbar subplots suptitle tight_layout subplots_adjust
    semilogx semilogy loglog hexbin barbs streamplot table
    point line rectangle ellipse polygon arc chord pieslice rounded_rectangle multiline_text bitmap
""")
"""Methods of matplotlib's axes and figures, and of what draws on an image, that change them."""

INDEXERS = words("loc iloc at iat")
"""Attributes of frames through which the frame itself is written to."""

OF_HEAPS = words("heappush heappop heapify heapreplace heappushpop insort insort_left insort_right")
"""Functions of `heapq` and `bisect`, which no object has as methods."""

CHANGING_FUNCTIONS = OF_HEAPS | words("""
    SubElement
    next setattr delattr shuffle copyto fill_diagonal put_along_axis putmask place put setitem delitem iadd isub imul
    ior iand iconcat redirect_stdout redirect_stderr
""")
"""Functions that change their first argument."""

CHANGING_SECOND = words("pack_into dump")
"""Functions that change their second argument."""

CONTAINERS = words("list dict set bytearray deque defaultdict OrderedDict Counter")
"""Classes whose methods are called with the object as their first argument: ``list.append(x, 1)``."""

VIEWS = words("reshape ravel view transpose squeeze swapaxes diagonal")
"""Methods of arrays whose result may look at their memory."""

REGISTERS = re.compile(
    r"(on|add|append|insert|put|register|subscribe|connect|observe|bind|listen|hook|set|callback)(_|$)"
)
"""Methods that keep the functions that they are given, to call them later."""

DOES = re.compile(
    r"(?!(set_index|set_axis|set_flags|add_prefix|add_suffix)$)"  # of frames: they return anew
    r"(add|attach|detach|set|reset|feed|seed|register|unregister|subscribe|connect|observe|bind|insert|remove|delete"
    r"|callback|enter_context|resize|update|push|configure|enable|disable|freeze|unfreeze|train|advance|init|mark)(_|$)"
)
"""Methods that change their object, where a statement calls one and does nothing with what it returns."""

LOOKING = VIEWS | words("groupby rolling expanding ewm resample get setdefault")
"""Methods whose result looks at what they are called on whenever it is asked, or is a part of it."""

GIVES_OF_OWNER = LOOKING | words("""
    pop popitem popleft items keys values copy load iter find findall getroot fit set_params add_subplot add_axes gca
    twinx twiny
""")
"""Methods whose result may be the object that they are called on, a part of it, or look at its memory."""

MAKES_PARTS = words("subplots subplot_mosaic")
"""Functions that return several objects which reach one another."""

MAKES_FIGURES = MAKES_PARTS | words("figure gcf gca subplot axes add_subplot add_axes")
"""Functions that return figures and axes of matplotlib."""

GIVES_OF_ARGUMENTS = words("max min next getattr vars type nullcontext closing")
"""Functions whose result may be what they are given, or a part of it."""

KEEPS_ARGUMENTS = words("""
    list tuple dict set frozenset sorted reversed zip enumerate map filter iter deque defaultdict partial chain cycle
    asarray asanyarray atleast_1d atleast_2d broadcast_to ravel reshape transpose array_split split replace copy
""")
"""Functions whose result may contain what they are given, or look at its memory."""

GIVES_DATA = words("""
    len sum any all print str repr format hash id isinstance issubclass callable hasattr range round abs
    cross_val_score cross_validate cross_val_predict curve_fit minimize minimize_scalar quad root fsolve brentq timeit
""")
"""Functions whose result holds no function that they are given."""

METHODS_GIVE_DATA = words("apply applymap map agg aggregate transform filter predict predict_proba score")
"""Methods whose result does not."""

CALLS_FIRST = words("map filter partial starmap")
"""Functions that call, later, their first argument with the others."""

CALLS_KEY = words("sorted min max nlargest nsmallest")
"""Functions that call what is named ``key`` with what they are given."""

LOOKS_AT_ARGUMENTS = words("array asarray concat merge")
"""Functions of arrays and frames with ``copy=False`` that leave alone what they are given all the same."""

GENERATORS = words("default_rng Generator RandomState Random SystemRandom")
"""What makes random generators."""

GROWING = words("collections.defaultdict")
"""What makes containers that reading may change."""

ITERATORS = words("zip map filter enumerate iter reversed open io.open csv.reader csv.DictReader os.scandir os.walk")
"""What makes iterators, those of `itertools` left out."""

CHANGING_ARGUMENTS = words("shuffle readinto")
"""Methods that change their first argument, and not what they are called on alone."""

MODULES = words("""
    ET np numpy pd pandas plt mpl matplotlib sns torch nn tf keras jnp jax scipy xgb lgb os sys re io math random
    itertools functools contextlib operator copy pickle json csv heapq bisect shutil subprocess logging warnings time
    datetime requests cv2 secrets statistics struct
""")
"""Names that notebooks give to modules: ``np.append(x, 1)`` does not change ``np``."""

LETS_THROUGH = words("""
    open closing nullcontext redirect_stdout redirect_stderr catch_warnings no_grad inference_mode enable_grad errstate
    printoptions option_context rc_context context ThreadPoolExecutor ProcessPoolExecutor Pool TemporaryDirectory
    NamedTemporaryFile TemporaryFile GradientTape autocast ZipFile TarFile start_run Session Client connect begin Lock
    RLock tqdm Parallel urlopen scope device profile Timer Timeit timer patch chdir localcontext Model File ExcelWriter
    lock pool session conn connection executor
""")
"""Context managers that are known to let exceptions through: what their body binds is bound after it."""

LEAVES_ALONE = words("""
    property setter getter deleter staticmethod classmethod dataclass lru_cache cache cached_property wraps
    contextmanager asynccontextmanager abstractmethod overload override final total_ordering runtime_checkable
""")
"""Decorators that are known not to call what they decorate."""

GETTERS = words("property cached_property getter")
"""Decorators of methods that reading an attribute runs."""

NOT_BY_LOOKING = words("""
    __init__ __new__ __post_init__ __init_subclass__ __set_name__ __del__ __call__ __enter__ __exit__ __aenter__
    __aexit__ __setattr__ __delattr__ __setitem__ __delitem__ __set__ __delete__ __setstate__ __iadd__ __isub__
    __imul__ __imatmul__ __itruediv__ __ifloordiv__ __imod__ __ipow__ __ilshift__ __irshift__ __iand__ __ixor__ __ior__
""")
"""Methods with a meaning to Python that run only where the code shows that something changes, is made or is called."""

ENUMS = words("Enum IntEnum StrEnum Flag IntFlag")
"""Bases that call a class's own methods while it is made."""

CUSTOMARY = {
    "np": "numpy",
    "pd": "pandas",
    "plt": "matplotlib.pyplot",
    "mpl": "matplotlib",
    "sns": "seaborn",
    "tf": "tensorflow",
    "os": "os",
    "sys": "sys",
    "random": "random",
    "torch": "torch",
    "nn": "torch.nn",
    "keras": "keras",
    "matplotlib": "matplotlib",
    "warnings": "warnings",
    "logging": "logging",
    "decimal": "decimal",
    "locale": "locale",
    "subprocess": "subprocess",
    "pickle": "pickle",
    "joblib": "joblib",
    "pl": "polars",
    "pio": "plotly.io",
}
"""Modules that a notebook imports in another cell, by the names that everyone gives them."""

SHELL_MAGICS = words("config precision pprint")
LOOKING_MAGICS = words("who who_ls whos history hist")
"""Line magics that tell of the notebook's names or cells."""

NAMESPACE_MAGICS = words("run pylab store reset reset_selective xdel load loadpy edit macro recall rerun")
"""Line magics that may bind and read any name."""

LEAVES_NAMES = words("autoreload aimport tensorboard dotenv watermark black blackcellmagic")
"""Line magics of extensions that leave the namespace alone."""

CODE_MAGICS = {"time": "", "prun": "lsTDqr", "memit": "rtico", "lprun": "fmDTsru", "mprun": "fT", "debug": "b"}
"""Magics that run their text as Python in the namespace, and the letters of their options."""

TIMEIT = "nrtcpqov"
"""Options of ``%timeit``, which runs its text in a function's scope."""

TAKES_VALUE = frozenset("nrplTDsfmbv")
"""Options of these that a value follows."""

DATA_FILES = re.compile(r"[/\\]|\.(parquet|pq|csv|tsv|arrow|feather)(\.\w+)?$", re.IGNORECASE)
"""What in a word tells that it names a file of data, and no variable."""

NAME_MAGICS = words("pinfo pinfo2 psource psource2 pdoc pdef pfile k8s_skew k8s_dive")
"""Magics whose words are names of the namespace."""

NOT_PYTHON = words("""
    ! sx system bash sh script cmd perl ruby python python2 python3 pypy html HTML svg SVG latex markdown js javascript
    writefile file
""")
"""Cell magics whose body is known not to touch the namespace."""

KNOWN_PACKAGES = words("""
    numpy pandas scipy sklearn matplotlib seaborn statsmodels plotly altair bokeh torch torchvision tensorflow keras jax
    xgboost lightgbm catboost polars pyarrow dask joblib tqdm PIL cv2 skimage nltk spacy gensim transformers datasets
    requests httpx bs4 lxml yaml sqlalchemy sqlite3 boto3 networkx sympy numba IPython ipywidgets k8snb pydantic rich
    attr attrs dateutil pytz cycler mpl_toolkits cloudpickle psutil openpyxl duckdb dotenv
""")
"""Packages that are installed, not found through ``sys.path`` as a notebook sets it."""
