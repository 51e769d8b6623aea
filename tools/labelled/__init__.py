"""Pictures and videos whose faces people have labelled: the file they are kept in, and what it says of each frame."""
