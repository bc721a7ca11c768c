"""`tools.notebooks` and `tools.toc`: normal form, refresh, contents."""

import base64
import io
import resource

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from tools import notebooks, toc


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A small book with one chapter, in place of the real one."""
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    monkeypatch.setattr(
        notebooks, "device_report", lambda: {"backend": "x", "device": "CPU"}
    )
    (tmp_path / "chapters").mkdir()
    return tmp_path


def chapter(house, *sources, name="demo"):
    cells = [new_code_cell(source) for source in sources]
    cells[0].metadata["tags"] = ["parameters"]
    path = house / "chapters" / f"{name}.ipynb"
    metadata = {"kernelspec": notebooks.KERNEL}
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    return path


def picture() -> str:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def test_normal_form_is_reached_in_one_step():
    cell = new_code_cell("x\n\n", execution_count=7)
    cell.metadata.update({"tags": ["a"], "execution": {"iopub": "12:00"}})
    cell.outputs = [
        new_output("stream", name="stdout", text="a"),
        new_output("stream", name="stdout", text="b"),
        new_output("display_data", data={"image/png": picture()}),
    ]
    needs = {"full": {"gpu": 1}}
    metadata = {"papermill": {}, "widgets": {}, "topoi": needs}
    nb = new_notebook(cells=[cell], metadata=metadata)
    once = notebooks.normalise(nb)
    assert notebooks.normalise(once) == once
    (clean,) = once.cells
    assert (clean.source, clean.execution_count) == ("x", 1)
    assert clean.metadata == {"tags": ["a"]}
    assert clean.outputs[0].text == "ab"
    assert set(once.metadata) == {"kernelspec", "language_info", "topoi"}
    assert once.metadata.topoi == needs
    assert cell.source == "x\n\n", "the argument is left alone"


def test_pictures_get_a_palette_and_keep_their_size():
    encoded = picture()
    reduced = notebooks._palette(encoded)
    image = Image.open(io.BytesIO(base64.b64decode(reduced)))
    assert image.mode == "P"
    assert image.size == (40, 40)
    assert len(reduced) < len(encoded)


def test_execution_stores_outputs_and_a_record(house):
    path = chapter(house, "SCALE = 'small'", "print(6 * 7)")
    # The largest child so far counts; `refresh` has a process a notebook.
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    record = notebooks._execute_and_store(path)
    nb = notebooks.read(path)
    assert nb.cells[1].outputs[0].text == "42\n"
    assert notebooks.normalise(nb) == nb
    assert record["seconds"] > 0
    assert 10 < record["memory_mb"] < max(2000, before + 2)


def test_a_failed_execution_leaves_the_notebook_as_it_was(house):
    path = chapter(house, "1 / 0")
    before = path.read_bytes()
    with pytest.raises(Exception, match="ZeroDivisionError"):
        notebooks._execute_and_store(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_refresh_refuses_another_backend(house, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    with pytest.raises(SystemExit, match="come from TensorFlow"):
        notebooks._execute_and_store(chapter(house, "1"))


def test_contents_are_read_in_order(tmp_path):
    path = tmp_path / "_toc.yml"
    path.write_text(
        "root: index\nparts:\n- chapters:\n  - file: a\n"
        "    sections:\n    - file: b\n  - file: c\n"
    )
    assert toc.pages(path) == ["index", "a", "b", "c"]


def test_missing_and_empty_pages_are_found(tmp_path):
    first, second, *rest = toc.pages()
    for page in rest:
        file = tmp_path / f"{page}.html"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("page")
    (tmp_path / f"{second}.html").touch()
    assert toc.missing(tmp_path) == [first, second]
