"""Has something arrived? For a sensor, which must not open the warehouse."""

import hashlib

from pipelines.connections import Connection
from pipelines.http import PATIENCE
from pipelines.sftp.client import SftpClient
from pipelines.sftp.settings import SftpSettings


def arrivals(connection: Connection) -> str:
    """A fingerprint of what lies in the drop: another one than last time means that a file came, went or changed.

    Raises what SftpClient raises.
    """
    settings: SftpSettings = connection.settings
    digest = hashlib.sha256()
    patience = min(PATIENCE, settings.timeout_seconds)
    with SftpClient(connection, attempts=1, patience=patience) as client:
        for folder in (settings.folder, settings.attachments_folder):
            for file in client.files(folder) if folder else []:
                digest.update(f"{file.path}|{file.size}|{file.modified_at}\n".encode())
    return digest.hexdigest()
