"""What assets are handed: the home, the connections, the outbox, the dbt project. Nothing here touches network or secrets at import."""
