"""How many rows each table holds, for the metadata of its asset. Views are not counted: that would run them."""

import dagster as dg
import duckdb


def row_counts(warehouse: duckdb.DuckDBPyConnection, *, raw: bool) -> dict[dg.AssetKey, int]:
    """Rows by asset key, of the raw tables or of the models."""
    tables = warehouse.execute(
        "select schema_name, table_name from duckdb_tables() where starts_with(schema_name, 'raw_') = ?", [raw]
    ).fetchall()
    counts = [f"""select '{schema}', '{name}', count(*) from {schema}."{name}\"""" for schema, name in tables]
    found = warehouse.execute(" union all ".join(counts)).fetchall() if counts else []
    return {dg.AssetKey([schema, name]): int(count) for schema, name, count in found}
