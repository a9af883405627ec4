"""What the analysis knows of the state of modules: what sets it, and what it matters to."""

from __future__ import annotations

from k8snb.analysis.tables import words

NUMPY, RANDOM, TORCH, TENSORFLOW = "numpy.random", "random", "torch", "tensorflow"
SEEDS = frozenset({NUMPY, RANDOM, TORCH, TENSORFLOW})
"""Kinds of state that each draw changes: setting such a state means something to what draws from it next."""

ENVIRONMENT, FOLDER, PLOTS, FRAMES, ARRAYS = "environ", "folder", "plots", "frames", "arrays"
SUBCLASSES, ANNOTATIONS, CACHE = "__subclasses__", "__annotations__", "cache_info"
LOGGING, FILTERS, PATH, NUMBERS, ALWAYS = "logging", "warnings", "path", "numbers", "always"
RECURSION = "recursion"
IN_ANY_STEP = frozenset({FILTERS, ALWAYS, RECURSION})
"""Kinds that are taken to matter to each step, whatever its code names."""

IMPLICIT = IN_ANY_STEP | {ENVIRONMENT}
"""Kinds that matter to code which does not name them."""

_OF_MODULE = "module:"


def of_module(path: str) -> str:
    """Return the kind of state that is a module's own: ``helper.verbose = True``."""
    return _OF_MODULE + path.partition(".")[0]


def module_in(kind: str) -> str | None:
    """Return the module that `of_module` was given."""
    return kind.removeprefix(_OF_MODULE) if kind.startswith(_OF_MODULE) else None


CALLS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(words("numpy.random.seed numpy.random.set_state"), (NUMPY,)),
    **dict.fromkeys(words("random.seed random.setstate"), (RANDOM,)),
    **dict.fromkeys(
        words("""
        torch.manual_seed torch.seed torch.set_rng_state torch.cuda.manual_seed torch.cuda.manual_seed_all
        """),
        (TORCH,),
    ),
    **dict.fromkeys(words("tensorflow.random.set_seed keras.utils.set_random_seed"), (TENSORFLOW,)),
    "tensorflow.keras.utils.set_random_seed": (TENSORFLOW, NUMPY, RANDOM),
    **dict.fromkeys(
        words("lightning.seed_everything pytorch_lightning.seed_everything transformers.set_seed"),
        (TORCH, NUMPY, RANDOM),
    ),
    **dict.fromkeys(
        words("""
        os.putenv os.unsetenv os.environ.update os.environ.setdefault os.environ.pop os.environ.clear dotenv.load_dotenv
        """),
        (ENVIRONMENT,),
    ),
    "os.chdir": (FOLDER,),
    **dict.fromkeys(
        words("""
        matplotlib.use matplotlib.style.use matplotlib.pyplot.style.use matplotlib.rc matplotlib.pyplot.rc
        matplotlib.pyplot.rcParams.update matplotlib.rcParams.update matplotlib.rcdefaults matplotlib.pyplot.rcdefaults
        matplotlib.pyplot.switch_backend matplotlib.pyplot.set_cmap seaborn.set seaborn.set_theme seaborn.set_style
        seaborn.set_context seaborn.set_palette seaborn.reset_defaults matplotlib.pyplot.ion matplotlib.pyplot.ioff
        matplotlib_inline.backend_inline.set_matplotlib_formats
        """),
        (PLOTS,),
    ),
    **dict.fromkeys(words("pandas.set_option pandas.reset_option"), (FRAMES,)),
    **dict.fromkeys(words("numpy.set_printoptions"), (ARRAYS,)),
    **dict.fromkeys(words("logging.basicConfig logging.disable logging.config.dictConfig"), (LOGGING,)),
    **dict.fromkeys(words("warnings.filterwarnings warnings.simplefilter warnings.resetwarnings"), (FILTERS,)),
    **dict.fromkeys(words("sys.path.append sys.path.insert sys.path.extend sys.path.remove"), (PATH,)),
    **dict.fromkeys(words("decimal.setcontext"), (NUMBERS,)),
    **dict.fromkeys(
        words("""
        locale.setlocale os.umask sys.set_int_max_str_digits
        """),
        (ALWAYS,),
    ),
    **dict.fromkeys(
        words("""
        pandas.api.extensions.register_dataframe_accessor pandas.api.extensions.register_series_accessor
        pandas.api.extensions.register_index_accessor
        """),
        (ALWAYS, "module:pandas"),
    ),
    "time.tzset": (ALWAYS, "module:time", "module:datetime"),
    "socket.setdefaulttimeout": (ALWAYS, "module:socket"),
    **dict.fromkeys(words("codecs.register codecs.register_error"), (ALWAYS, "module:codecs")),
    "copyreg.pickle": ("module:copyreg", "module:pickle", "module:copy"),
    "sys.setrecursionlimit": (RECURSION,),
    **{
        call: (f"module:{call.partition('.')[0]}",)
        for call in words("""
        numpy.seterr torch.set_default_dtype torch.set_default_device torch.set_printoptions
        torch.use_deterministic_algorithms jax.config.update polars.Config.set_tbl_rows polars.Config.set_tbl_cols
        polars.Config.set_fmt_str_lengths altair.data_transformers.disable_max_rows sklearn.set_config
        csv.field_size_limit csv.register_dialect mimetypes.add_type sqlite3.register_adapter sqlite3.register_converter
        shutil.register_archive_format shutil.register_unpack_format
        """)
    },
    **dict.fromkeys(words("tqdm.auto.tqdm.pandas tqdm.tqdm.pandas tqdm.notebook.tqdm.pandas"), ("module:pandas",)),
}
"""Calls that set state, and of which kinds."""

RESTORED_BY = {
    "warnings.catch_warnings": FILTERS,
    "matplotlib.rc_context": PLOTS,
    "matplotlib.pyplot.rc_context": PLOTS,
    "matplotlib.pyplot.style.context": PLOTS,
    "matplotlib.style.context": PLOTS,
    "pandas.option_context": FRAMES,
    "numpy.printoptions": ARRAYS,
    "numpy.errstate": of_module("numpy"),
    "decimal.localcontext": NUMBERS,
    "contextlib.chdir": FOLDER,
}
"""Context managers at the end of which a kind of state is what it was before."""

MATTERS_WITH = {
    NUMPY: "numpy",
    RANDOM: "random",
    TORCH: "torch",
    TENSORFLOW: "tensorflow",
    PLOTS: "matplotlib",
    FRAMES: "pandas",
    ARRAYS: "numpy",
    LOGGING: "logging",
    NUMBERS: "decimal",
}
"""Modules without which a kind of state means nothing."""

OF_WHOLE_MODULES = {
    "tensorflow": TENSORFLOW,
    "keras": TENSORFLOW,
    "matplotlib": PLOTS,
    "seaborn": PLOTS,
    "warnings": FILTERS,
    "decimal": NUMBERS,
}
"""Kinds of state that all of a module depends on."""

ON_LOGGERS = words("setLevel addHandler removeHandler addFilter removeFilter")
"""Methods that set the state of a logger."""

LISTS_OF_LOGGERS = words("handlers filters")
OF_LOGGERS = LISTS_OF_LOGGERS | words("level propagate disabled getEffectiveLevel isEnabledFor hasHandlers")
"""What tells of the state of a logger."""

OBJECTS: dict[str, str] = {
    "os.environ": ENVIRONMENT,
    "matplotlib.rcParams": PLOTS,
    "matplotlib.pyplot.rcParams": PLOTS,
    "matplotlib.pyplot.style": PLOTS,
    "pandas.options": FRAMES,
    "sys.path": PATH,
    "logging": LOGGING,
}
"""Objects whose items or attributes are state."""

NUMPY_OWN = words("""
    default_rng Generator RandomState SeedSequence PCG64 PCG64DXSM MT19937 Philox SFC64 BitGenerator seed
""")
RANDOM_OWN = words("Random SystemRandom seed")
"""Of the two modules, what does not draw from their global state."""

TORCH_DRAWS = ("rand", "nn", "normal", "bernoulli", "multinomial", "utils")
"""Parts of PyTorch that draw from its global state."""

TAKES_RANDOM_STATE = words("""
    train_test_split ShuffleSplit StratifiedShuffleSplit GroupShuffleSplit RandomForestClassifier RandomForestRegressor
    ExtraTreesClassifier ExtraTreesRegressor GradientBoostingClassifier GradientBoostingRegressor
    HistGradientBoostingClassifier HistGradientBoostingRegressor AdaBoostClassifier AdaBoostRegressor BaggingClassifier
    BaggingRegressor DecisionTreeClassifier DecisionTreeRegressor IsolationForest RandomTreesEmbedding MLPClassifier
    MLPRegressor SGDClassifier SGDRegressor Perceptron KMeans MiniBatchKMeans BisectingKMeans SpectralClustering TSNE
    NMF GaussianMixture BayesianGaussianMixture LatentDirichletAllocation DictionaryLearning TruncatedSVD
    RepeatedKFold RepeatedStratifiedKFold
    RandomizedSearchCV permutation_importance resample shuffle rvs make_classification make_regression make_blobs
    make_moons make_circles make_swiss_roll make_s_curve make_friedman1 make_sparse_uncorrelated
""")
"""Functions that draw from numpy's global state where they are not given a `random_state`."""

SPLITTERS = words("KFold StratifiedKFold StratifiedGroupKFold GroupKFold")
"""Classes of which this holds where they are told to shuffle."""

FITTERS = words("""
    cross_val_score cross_validate cross_val_predict learning_curve validation_curve permutation_test_score RFE RFECV
""")
"""Functions that fit the estimator which they are given."""

PLOTTING_METHODS = words("plot hist boxplot imshow")
LOG_METHODS = words("debug info warning error critical exception log")
SHOWS = words("print display repr str format pprint")

OPENS = words("""
    open read_csv read_table read_excel read_json read_parquet read_pickle read_feather read_hdf to_csv to_excel to_json
    to_parquet to_pickle to_feather load save savez savez_compressed loadtxt savetxt genfromtxt fromfile tofile savefig
    imread imsave listdir scandir walk exists isfile isdir makedirs mkdir remove rename glob iglob Path dump
    read_text write_text read_bytes write_bytes load_workbook ZipFile copy copyfile move rmtree connect
""")
"""Functions that take a path; the relative ones are looked for in the working directory."""

FOLDER_READERS = words("os.getcwd os.listdir os.scandir os.path.abspath os.path.realpath pathlib.Path.cwd glob.glob")
ENVIRONMENT_READERS = ("os.environ", "os.getenv", "os.system", "os.popen", "subprocess", "os.path.expandvars")

SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "AUTH")
"""Parts of the names of environment variables whose values are not to be written down."""
