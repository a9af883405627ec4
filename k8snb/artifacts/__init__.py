"""The artifact store: values in alias groups, their parts and digests."""
