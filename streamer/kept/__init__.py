"""What rooms let out of a run, and who keeps it: ``rooms`` says what is published, ``film`` in which time that of a
recording is, ``run`` is what ``groupmood run`` keeps beside its window."""
