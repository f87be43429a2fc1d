"""Who may import whom, where import-linter cannot look: DAG files, and what is loaded at run time."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DAGS = sorted((ROOT / "dags").glob("**/*.py"))
IN_A_DAG = {"airflow.sdk", "exactsync_airflow"} | {"__future__", "datetime"}


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or ".")
    return names


def run_python(script: str) -> str:
    """Run a script in a fresh interpreter and return what it printed."""
    finished = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_dag_files_know_only_airflow_and_our_face_to_it() -> None:
    assert DAGS
    strangers = {
        f"{path.name}: {name}"
        for path in DAGS
        for name in imports(path)
        if not any(name == allowed or name.startswith(f"{allowed}.") for allowed in IN_A_DAG)
    }
    assert strangers == set()


def test_the_library_starts_without_airflow_and_pandas() -> None:
    loaded = run_python("import sys, exactsync.deployment; print(*sys.modules)").split()
    assert "exactsync.deployment" in loaded
    assert {"airflow", "pandas", "exactsync.simulator", "exactsync.embedded"}.isdisjoint(loaded)


def test_every_module_of_the_library_can_be_imported_where_airflow_is_not_installed() -> None:
    script = """
import importlib, pkgutil, sys
sys.modules["airflow"] = sys.modules["exactsync_airflow"] = None
import exactsync
names = [module.name for module in pkgutil.walk_packages(exactsync.__path__, "exactsync.")]
for name in names:
    if not name.endswith("__main__") and ".migrations." not in name:
        importlib.import_module(name)
print(len(names))
"""
    assert int(run_python(script)) > 20
