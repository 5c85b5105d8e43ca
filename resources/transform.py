"""The dbt project: where it is, its manifest, and the command that runs it."""

import json
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from dagster_dbt import DbtCliResource, DbtProject
from packaging.version import Version

from pipelines.home import file_lock

PROJECT_DIR = Path(__file__).resolve().parent.parent / "dbt_project"
SOURCES = ("models", "macros", "seeds", "tests")


def project() -> DbtProject:
    """The project with a manifest that is newer than every file it is made from; parses it (about 5 s) only when it is not."""
    found = DbtProject(project_dir=PROJECT_DIR, profiles_dir=PROJECT_DIR)
    target = PROJECT_DIR / "target"
    target.mkdir(exist_ok=True)
    if _stale(found.manifest_path):
        with file_lock(target / "parse.lock", 120, "The lock on parsing the dbt project"):
            if _stale(found.manifest_path):  # another process may have parsed it meanwhile
                cli(found).cli(["parse", "--quiet"], target_path=target).wait()
    return found


def _stale(manifest: Path) -> bool:
    if not manifest.exists():
        return True
    parsed = manifest.stat().st_mtime
    sources = (path for folder in SOURCES for path in (PROJECT_DIR / folder).rglob("*.*"))
    return any(path.stat().st_mtime > parsed for path in (*sources, *PROJECT_DIR.glob("*.yml")))


class Dbt(DbtCliResource):
    """dbt in a process of its own, and only there."""

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        """No adapter in Dagster's process: it would load every macro (3 s a run) for `fetch_row_counts`, which we do ourselves."""
        return None

    @property
    def _cli_version(self) -> Version:
        """The version of the dbt in this environment, which is the one that runs: asking its command line takes 3 s a run."""
        return Version(metadata.version("dbt-core"))


def cli(of: DbtProject) -> Dbt:
    """dbt from this interpreter's own environment, whether or not it is on PATH."""
    return Dbt(
        project_dir=str(of.project_dir),
        profiles_dir=str(of.profiles_dir),
        dbt_executable=str(Path(sys.executable).parent / "dbt"),
    )


def plan_models(of: DbtProject) -> list[str]:
    """The models of schema `writeback` that name intents."""
    manifest = json.loads(of.manifest_path.read_text("utf-8"))
    return sorted(
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["config"].get("schema") == "writeback"
        and "intent_key" in node["columns"]
    )
