"""The dbt project: where it is, its manifest, and the command that runs it."""

import json
import sys
from pathlib import Path

from dagster_dbt import DbtCliResource, DbtProject

from pipelines.home import file_lock

PROJECT_DIR = Path(__file__).resolve().parent.parent / "dbt_project"


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
    sources = [
        path for kind in ("*.sql", "*.yml", "*.csv") for path in PROJECT_DIR.rglob(kind) if "target" not in path.parts
    ]
    return not manifest.exists() or manifest.stat().st_mtime < max(path.stat().st_mtime for path in sources)


def cli(of: DbtProject) -> DbtCliResource:
    """dbt from this interpreter's own environment, whether or not it is on PATH."""
    return DbtCliResource(project_dir=of, dbt_executable=str(Path(sys.executable).parent / "dbt"))


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
