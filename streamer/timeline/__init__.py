"""What is kept of rooms over hours and months: one SQLite file, without faces, pixels or embeddings."""
