"""What a span of the timeline shows: aggregates, changes, comparisons, what followed a mark, who moves before whom.

Pure functions over ``streamer.timeline`` values; nothing is read or written here. Everything says how sure it is, or
that the evidence is not enough, and nothing says why: what comes after a mark did not come because of it.
"""
