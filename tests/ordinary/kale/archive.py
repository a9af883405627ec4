# %% tags: imports
import shutil
import hashlib
from json import loads, dumps
from pathlib import Path
from tempfile import mkdtemp
# %% tags: pipeline-parameters
pattern = "**/*.py,**/*.md"
repo = "team/tool"
git_url = "https://example.org"
# %% tags: step:clone cache:disabled
repo_dir = mkdtemp()
repo_url = f'{git_url}/{repo}'
shutil.rmtree(repo_dir, ignore_errors=True)
(Path(repo_dir) / "sub").mkdir(parents=True)
(Path(repo_dir) / "sub" / "a.py").write_text("x = 1")
(Path(repo_dir) / "b.md").write_text("# b")
docs = sorted(p.read_text() for one in pattern.split(",") for p in Path(repo_dir).glob(one))
if len(docs) == 0:
    raise Exception("nothing to read")
shutil.rmtree(repo_dir)
repo_dir = "gone"
print(f'read {len(docs)} documents of {repo_url}')
# %% tags: step:load_words cache:enabled
words = {"x": 1, "#": 2}
# %% tags: step:make_index prev:clone prev:load_words
folder = mkdtemp()
(Path(folder) / "index.json").write_text(dumps({d: sum(words.get(w, 0) for w in d.split()) for d in docs}))
with open(Path(folder) / "index.json", 'rb') as f:
    index = f.read()
shutil.rmtree(folder)
del f, folder
print('made')
# %% tags: step:check prev:make_index
digest = hashlib.md5(index).hexdigest()
print(f'fingerprint {digest}')
# the last line shows it
digest
# %% tags: skip
loads(Path(folder).read_text())
