"""`make ui`: the Dagster webserver and daemon on the current home, over the demo's sandbox when no other connections are set."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from pipelines import connections
from pipelines.home import Home
from schedules.run import prepare_home


def main() -> None:
    """Start the sandbox if these are the demo's connections and it does not run; then become `dagster dev`."""
    file = connections.default_path()
    if not file.exists() or file.read_text("utf-8").startswith("# Written by `tieout sandbox`"):
        subprocess.run([sys.executable, "-m", "pipelines.sandbox.demo", "--only-start"], check=True)
    home = Home.current()
    # From the home, where there is no .env: Dagster would take the one of the folder it starts in, whichever connections are meant.
    os.environ |= {"TIEOUT_DATA": str(home.root), "TIEOUT_CONNECTIONS": str(file.resolve())}
    os.chdir(prepare_home(home))
    # Started in the background, a process ignores SIGINT, which is how dagster's processes stop each other: without this, only kill -9 ends them.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    root = Path(__file__).resolve().parent.parent
    os.execv(
        sys.executable,
        [
            sys.executable,
            "-m",
            "dagster",
            "dev",
            "-w",
            str(root / "workspace.yaml"),
            "-h",
            "127.0.0.1",
            "-p",
            os.environ.get("TIEOUT_UI_PORT", "3000"),
        ],
    )


if __name__ == "__main__":
    main()
