"""What is public, and what loads when."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import hubdoi
from hubdoi import records
from hubdoi.sandbox import Sandbox

HEAVY = ("huggingface_hub", "httpx", "httpx2", "pydantic", "ipywidgets", "anywidget", "fastapi",
         "sqlalchemy", "hishel", "stamina", "rispy", "bibtexparser", "pypandoc")  # fmt: skip

LOADED = f"""
import sys
before = set(sys.modules)
{{code}}
heavy = {HEAVY!r}
print(sorted({{{{name.partition(".")[0] for name in set(sys.modules) - before}}}} & set(heavy)))
"""


def _loaded(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", LOADED.format(code=code)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout.strip()


def test_import_loads_nothing_heavy() -> None:
    assert _loaded("import hubdoi") == "[]"
    assert (
        _loaded(
            "import hubdoi.records, hubdoi.records.errors, hubdoi.config, hubdoi.commands.session"
        )
        == "[]"
    )


def test_load_ext_loads_nothing_heavy(tmp_path: Path) -> None:
    code = f"""
import os
os.environ["IPYTHONDIR"] = {str(tmp_path)!r}
from IPython.testing.globalipapp import start_ipython
shell = start_ipython()
before = set(sys.modules)
shell.run_line_magic("load_ext", "hubdoi")
assert "doi" in shell.magics_manager.magics["line"]
assert "doi" in shell.magics_manager.magics["cell"]
"""
    assert _loaded(code) == "[]"


def test_records_are_made_and_parsed_without_anything_heavy() -> None:
    code = """
import hubdoi
from hubdoi import records
hubdoi.Version.from_parts(doi="10.5072/hf/0001", repo="ada/tiny-bert", authors=["Ada Lovelace"])
"""
    assert _loaded(code) == "[]"


def test_reading_what_a_file_uses_loads_no_more_than_it_needs(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("AutoModel.from_pretrained('ada/engine')\n", encoding="utf-8")
    code = f"""
import sys
from hubdoi.commands.cli import main
main(["uses", {str(script)!r}])
print(" ".join(name for name in sys.modules if name.startswith("hubdoi.")))
"""
    run = [sys.executable, "-c", code]
    out = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    assert "ada/engine" in out
    loaded = set(out.splitlines()[-1].split())
    unneeded = {
        "hubdoi.bibliography",
        "hubdoi.citation",
        "hubdoi.client",
        "hubdoi.jupyter.display.hypertext",
        "hubdoi.minting",
        "hubdoi.provenance.recording",
        "hubdoi.records.status",
        "hubdoi.records.version",
    }
    assert loaded & unneeded == set()


def test_citing_a_doi_loads_no_more_than_it_needs(
    sandbox: Sandbox, mint: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is imported is most of the time that ``hubdoi cite DOI`` takes."""
    monkeypatch.setenv("HUBDOI_ENDPOINT", sandbox.endpoint)
    doi = mint(sandbox, "models/ada/tiny-bert")
    code = f"""
import sys
from hubdoi.commands.cli import main
main(["cite", {doi!r}])
print(" ".join(sys.modules))
"""
    run = [sys.executable, "-c", code]
    out = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    assert doi in out
    loaded = set(out.splitlines()[-1].split())
    unneeded = {
        *HEAVY,
        "difflib",
        "email.utils",
        "encodings.idna",
        "hubdoi.citation.badge",
        "hubdoi.commands.completion",
        "hubdoi.hub.repositories",
        "hubdoi.minting.agreed",
        "hubdoi.minting.consent",
        "hubdoi.records.amendment",
        "hubdoi.records.findings",
        "hubdoi.records.status",
        "platformdirs",
        "uuid",
    }
    assert loaded & unneeded == set()


@pytest.mark.parametrize("name", hubdoi.__all__)
def test_every_public_name_resolves(name: str) -> None:
    assert getattr(hubdoi, name) is not None
    assert name in dir(hubdoi)


def test_what_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'surprise'"):
        hubdoi.surprise


MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(hubdoi.__path__, "hubdoi.")
    if not module.name.endswith("__main__")
)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_imports_and_says_what_it_is_for(name: str) -> None:
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip()


def test_the_records_are_listed_alike_for_the_interpreter_and_for_type_checkers() -> None:
    tree = ast.parse(Path(str(records.__file__)).read_text("utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    assert {alias.name: node.module for node in imports for alias in node.names} == records._HOMES
    for name in records._HOMES:
        assert getattr(records, name) is not None
