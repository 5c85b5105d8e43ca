"""Dagster assets, thin: each calls one function of `pipelines` and says what it did. Keys come from `assets.keys` alone."""
