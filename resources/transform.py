"""The dbt project: where it is, its manifest, and the command that runs it."""

import sys
from pathlib import Path

from dagster_dbt import DbtCliResource, DbtProject

PROJECT_DIR = Path(__file__).resolve().parent.parent / "dbt_project"


def project() -> DbtProject:
    """The project with a manifest that is newer than every file it is made from; parses it (about 3 s) only when it is not."""
    found = DbtProject(project_dir=PROJECT_DIR, profiles_dir=PROJECT_DIR)
    manifest = found.manifest_path
    sources = [
        path for kind in ("*.sql", "*.yml", "*.csv") for path in PROJECT_DIR.rglob(kind) if "target" not in path.parts
    ]
    if not manifest.exists() or manifest.stat().st_mtime < max(path.stat().st_mtime for path in sources):
        cli(found).cli(["parse", "--quiet"]).wait()
    return found


def cli(of: DbtProject) -> DbtCliResource:
    """dbt from this interpreter's own environment, whether or not it is on PATH."""
    return DbtCliResource(project_dir=of, dbt_executable=str(Path(sys.executable).parent / "dbt"))
