"""Files whose names stand in a cell's code."""

from __future__ import annotations

import pytest

from k8snb.analysis import analyse
from k8snb.analysis.files import Called, gaps


@pytest.mark.parametrize(
    ("source", "reads"),
    [
        ("pd.read_csv('data.csv')", "data.csv"),
        ("with open('words') as f: pass", "words"),
        ("Path('data') / 'x.json'", "data/x.json"),
        ("Path('data', 'x.json').read_text()", "data/x.json"),
        ("open(os.path.join('data', 'x.json'))", "data/x.json"),
        ("p = './data/x.json'", "data/x.json"),
        ("shutil.copy('a.csv', 'b.csv')\nopen('b.csv')", "a.csv"),
        ("open('state.json')\nx.to_json('state.json')", "state.json"),
        ("!python train.py --data data.csv > log.txt\nopen('log.txt')", "train.py data.csv {...}"),
        ("%run beside.py 1", "beside.py"),
        ("%%bash\nwc -l data.csv", "data.csv"),
        ("def load(): return pd.read_csv('data.csv')", ""),
        ("open('a.csv', 'r')\ngzip.open('b.gz', 'rt')\nPath('c').open('rb')", "a.csv b.gz c"),
        ("open('a.csv', 'w')\ngzip.open('b.gz', mode='wt')\nPath('c').open('wb')", ""),
        ("open('a.csv', 'a')\nPath('c').open('ab')\ndf.to_csv('b.csv', mode='a')\nopen('d', 'r+')", "a.csv c b.csv d"),
        ("os.makedirs('out')\nos.listdir('out')", "out"),
        ("!ls out\n!cat notes", "out notes"),
        ("glob.glob('data/*.csv')\nPath('out').glob('*.json')", "data/*.csv out"),
        # no files that were there before
        ("df.to_csv('out.csv')\npd.read_csv('out.csv')", ""),
        ("open('a.txt', 'w').write(x)\nopen('a.txt')", ""),
        ("Path('a.txt').open(mode='w')\nPath('a.txt').read_text()", ""),
        ("os.makedirs('out/run')\ntorch.save(m, 'out/run/m.pt')\ntorch.load('out/run/m.pt')", ""),
        ("if not os.path.exists('d.csv'):\n    urlretrieve(url, 'd.csv')\npd.read_csv('d.csv')", ""),
        ("%%writefile a.py\nopen('b.txt')", ""),
        ("!wget https://example.org/data.zip && unzip data.zip\npd.read_csv('data/x.csv')", ""),
        ("zip.extractall()\npd.read_csv('data/x.csv')", ""),
        # no files
        ("df['a.b']\nx = {'k.csv': 1}\ny == 'c.csv'\nprint('README.md')\n'doc.txt'", ""),
        ("'train'\nf(name='model')\n'see this. And that'\n'1.5'\nf'{folder}/x.csv'", ""),
        ("requests.get('https://example.org/data.csv')", ""),
    ],
)
def test_files_that_a_cell_reads(source, reads):
    assert " ".join(map(gaps.shown, analyse(source).files.reads)) == reads


def test_the_files_of_functions_are_told_by_their_names():
    files = analyse("def load():\n    return open('a.txt')\nclass C:\n    x = open('b.txt')\nopen('c.txt')").files
    assert files.in_code == {"load": {"a.txt"}, "C": {"b.txt"}}
    assert files.reads == {"b.txt": 4, "c.txt": 5}
    files = analyse("def save():\n    open('a.txt', 'w')\nsave()\ndef put():\n    open('b.txt', 'w')").files
    assert files.written_in_code == {"save": {"a.txt"}, "put": {"b.txt"}}
    assert files.calls == {Called("save")}


def test_methods_go_by_their_names():
    files = analyse(
        "class C:\n    def put(self):\n        self.path.write_text('')\n    def get(self): open('b')"
    ).files
    assert files.written_in_code == {"C": {gaps.gap()}, ".put": {gaps.gap()}}
    assert files.in_code == {"C": {"b"}, ".get": {"b"}}
    assert analyse("c.put('a', n=1)\nc.get").files.calls == {Called(".put", ((0, "a"), ("n", "1")))}
    assert ".get" in analyse("c.put()\nc.get").files.uses
