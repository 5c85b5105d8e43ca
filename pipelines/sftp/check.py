"""Is the drop reachable, is it the server we know, does it let us in by key, and are the folders there?"""

from pipelines.connections import Connection
from pipelines.sftp.client import SftpClient
from pipelines.sftp.settings import SftpSettings
from pipelines.system import Check, NotConfigured, Problem, Refused, TieoutError, Transient


def check(connection: Connection) -> Check:
    """Open a session and list the folders; nothing is downloaded. Never raises for what may be wrong with a connection."""
    settings: SftpSettings = connection.settings
    facts = {"login": "public key; a password is never offered", "host_key": "pinned"}
    try:
        with SftpClient(connection) as client:
            problems = []
            for key, folder in (("folder", settings.folder), ("attachments_folder", settings.attachments_folder)):
                if not folder:
                    continue
                try:
                    facts[f"files in {folder}"] = str(len(client.files(folder)))
                except (NotConfigured, Refused) as error:
                    problems.append(_problem(error, "folder_missing", f"create the folder, or correct {key}"))
    except Refused as error:
        return Check(connection.name, "refused", (_problem(error, error.code, error.remedy),), facts)
    except NotConfigured as error:
        return Check(
            connection.name, "not_configured", (_problem(error, "not_configured", "correct the setting"),), facts
        )
    except Transient as error:
        return Check(
            connection.name, "disconnected", (_problem(error, "unreachable", "check host, port and firewall"),), facts
        )
    return Check(connection.name, "refused" if problems else "active", tuple(problems), facts)


def _problem(error: TieoutError, code: str, remedy: str) -> Problem:
    """The error's own remedy, where it names one, is the better."""
    message, _, own = str(error).partition(" Remedy: ")
    return Problem(error.code if isinstance(error, Refused) else code, message, own.rstrip(".") or remedy)
