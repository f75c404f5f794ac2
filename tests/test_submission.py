"""Damaged, foreign and repaired notebooks: ungradable ones say why, repairable ones are repaired, and nothing raises."""

import json

import nbformat
import pytest
from grading import VAE, grade, notebook, outcomes
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder import source
from autograder.limits import Limits
from autograder.submission import USUAL, Ungradable, open_notebook, read_capped

WHOLE = notebook()
BAD = {
    "empty": (b"", "empty"),
    "white space": (b" \n ", "empty"),
    "truncated": (WHOLE[: len(WHOLE) // 2], "damaged"),
    "binary": (bytes(range(256)) * 10, "UTF-8"),
    "JSON of another kind": (b"[1, 2, 3]", "not a Jupyter notebook"),
    "a number": (b"3", "not a Jupyter notebook"),
    "cells of a wrong type": (b'{"cells": 3, "nbformat": 4}', "not a Jupyter notebook"),
    "no cells": (b'{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "no code cells"),
    "a format of the future": (b'{"cells": [], "nbformat": 9}', "format"),
    "UTF-16": (WHOLE.decode().encode("utf-16"), "UTF-8"),
    "deeply nested": (b"[" * 100_000 + b"]" * 100_000, "nested"),
    "too large": (b'{"cells": ["' + b"x" * (Limits().notebook + 1), "larger"),
}


def opened(data: bytes):
    """The notebook as the judge reads it."""
    return open_notebook(data, source.load(VAE), Limits())


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_ungradable_with_a_reason(pool, name):
    data, reason = BAD[name]
    result = grade(pool, data)
    assert result["status"] == "ungradable" and reason in result["reason"], result["reason"]
    assert set(outcomes(result).values()) == {"ungradable"} and "Traceback" not in json.dumps(result)


def test_byte_order_mark_and_other_kernel_are_repaired(pool):
    raw = json.loads(WHOLE)
    raw["metadata"] = {"kernelspec": {"name": "julia-1.10", "language": "julia", "display_name": "Julia"}}
    result = grade(pool, b"\xef\xbb\xbf" + json.dumps(raw).encode(), only=("gaussian_kl",))
    assert outcomes(result) == {"gaussian_kl": "passed"} and any("byte order" in repair for repair in result["repairs"])


def test_older_notebook_format_is_converted(pool):
    old = nbformat.writes(nbformat.convert(nbformat.reads(WHOLE.decode(), 4), 3), 3).encode()
    assert outcomes(grade(pool, old, only=("gaussian_kl", "kl_weight"))) == {"gaussian_kl": "passed", "kl_weight": "passed"}


def test_reordered_duplicated_and_retyped_cells_are_read(pool):
    raw = nbformat.reads(WHOLE.decode(), 4)
    for cell in raw.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "kl_weight":
            cell.cell_type = "markdown"
    raw.cells = [*raw.cells[::-1], *raw.cells[:3]]
    result = grade(pool, json.dumps(raw).encode(), only=("gaussian_kl", "kl_weight"))  # as it is: nbformat would give the copies ids of their own, and warn
    assert outcomes(result) == {"gaussian_kl": "passed", "kl_weight": "passed"}


def test_lost_metadata_and_moved_functions_are_found(pool):
    """All metadata stripped, all exercises in one cell of the student's own."""
    sources = [cell.solved for cell in source.load(VAE).cells if cell.type == "code" and cell.kind in ("setup", "exercise")]
    lone = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("\n\n".join(sources))])
    assert outcomes(grade(pool, nbformat.writes(lone).encode(), only=("gaussian_kl", "elbo"))) == {"gaussian_kl": "passed", "elbo": "passed"}


def test_experiments_whose_metadata_are_lost_are_not_run_for_minutes():
    """A program that keeps cells and forgets their metadata, and a copy of an experiment: of both only the definitions count."""
    raw = nbformat.reads(WHOLE.decode(), 4)
    experiments = {cell.source for cell in raw.cells if cell.metadata.get("nbgrader", {}).get("grade_id", "").startswith("experiment-")}
    for cell in [*raw.cells]:
        if cell.source in experiments:
            raw.cells.append(nbformat.from_dict({**cell, "id": f"copy-{cell.id}"}))
        cell.metadata = {}
    run = {cell.source: cell.definitions_only for cell in opened(nbformat.writes(raw).encode()).cells}
    assert experiments and all(run[text] for text in experiments)
    assert not any(run[cell.solved] for cell in source.load(VAE).code("exercise").values())


@pytest.mark.parametrize("size", [0, USUAL - 1, USUAL, USUAL + 1, 2 * USUAL])
def test_a_file_is_read_whole_or_just_beyond_what_is_allowed(tmp_path, size):
    path, data = tmp_path / "one", bytes(range(256)) * (2 * USUAL // 256)
    path.write_bytes(data[:size])
    for most in (0, 10, USUAL - 2, USUAL - 1, USUAL, USUAL + 10):
        assert read_capped(path, most) == data[: min(size, most + 1)]


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('[]{},:"\\/bfnrtu\n\x00é'), max_size=20), st.integers(2, 9), st.booleans())
def test_brackets_and_commas_in_a_text_are_no_parts_of_the_file(text, depth, ascii_only):
    """However it is made of quotes and backslashes, and whether or not its other characters are written as escapes."""
    value = text
    for _ in range(depth):
        value = [text, value]
    data = json.dumps(value, ensure_ascii=ascii_only).encode()
    for limits, said in ((Limits(json_depth=depth - 1), "nested"), (Limits(json_parts=2 * depth - 1), "parts"), (Limits(json_depth=depth, json_parts=2 * depth), "not a Jupyter")):
        with pytest.raises(Ungradable, match=said):
            open_notebook(data, source.load(VAE), limits)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400) | st.recursive(st.none() | st.integers() | st.text(max_size=8), lambda x: st.lists(x) | st.dictionaries(
    st.sampled_from(["cells", "metadata", "nbformat", "source", "cell_type", "nbgrader", "grade_id"]), x)).map(lambda v: json.dumps(v).encode()))  # fmt: skip
def test_no_bytes_make_the_reader_raise(data):
    try:
        opened(data)
    except Ungradable as reason:
        assert str(reason).endswith((".", "assignment."))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.fixed_dictionaries({"cell_type": st.sampled_from(["code", "markdown", "raw", "x"]) | st.integers(), "source": st.text(max_size=30) | st.lists(
    st.text(max_size=5)) | st.none(), "metadata": st.dictionaries(st.sampled_from(["nbgrader", "tags"]), st.integers() | st.dictionaries(st.just("grade_id"),
    st.sampled_from(["gaussian_kl", "check-gaussian_kl", "setup-imports"]) | st.integers())) | st.none()}), max_size=6))  # fmt: skip
def test_no_cells_make_the_reader_raise(cells):
    try:
        opened(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode())
    except Ungradable:
        pass
