"""Code files, layers, a registry client, environments built by uv."""
