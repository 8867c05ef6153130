"""The table of names in the docs: up to date, and without a gap that is not explained."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).parents[2]
_described = importlib.util.spec_from_file_location("make_names", ROOT / "docs" / "make_names.py")
make_names = importlib.util.module_from_spec(_described)
_described.loader.exec_module(make_names)


def test_the_table_of_the_docs_is_the_one_just_made():
    page = make_names.PAGE.read_text(encoding="utf-8")
    assert make_names.table() in page, "run: python docs/make_names.py"


def test_every_absent_name_has_a_reason_and_no_reason_is_left_over():
    absent, own = make_names.own_names()
    used = set()
    for module, names in make_names.reference_names().items():
        for name in names:
            if name in own.get(module, []):
                assert f"{module}.{name}" not in absent
                assert module not in absent
            else:
                used |= {module, f"{module}.{name}"} & absent.keys()
                assert module in absent or f"{module}.{name}" in absent, f"{module}.{name}"
    # Whole packages of environments, which have no row of their own.
    packages = {f"gymnasium.envs.{name}" for name in ("box2d", "mujoco", "phys2d", "tabular")}
    assert absent.keys() - used == packages


def test_the_names_read_from_the_source_are_those_of_the_live_package():
    import gymnasium

    names = make_names.reference_names()
    assert names["gymnasium"] == gymnasium.__all__
    assert names["gymnasium.wrappers"] == gymnasium.wrappers.__all__
    assert {"Env", "ObsType"} <= set(names["gymnasium.core"])
    assert len(names) > 50
    for module in ("gymnasium.wrappers", "gymnasium.spaces", "gymnasium.vector", "gymnasium.error"):
        live = __import__(module, fromlist=["x"])
        for name in names[module]:
            if not name.startswith(("Jax", "NumpyToTorch", "ArrayConversion")):
                assert hasattr(live, name), (module, name)
