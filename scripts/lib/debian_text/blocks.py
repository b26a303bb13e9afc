"""Aligns two texts that are translations of each other, each a list of blocks (kind, text)."""


def kinds(blocks):
    return [kind for kind, _ in blocks]


def side_by_side(ours, theirs):
    """The blocks in pairs by position, where both have the same kinds in the same order; else None."""
    if kinds(ours) != kinds(theirs):
        return None
    return [(english, foreign) for (_, english), (_, foreign) in zip(ours, theirs)]


def by_parts(ours, theirs):
    """As side_by_side for texts in parts: as a whole if that works, else the parts that agree, if there are as many."""
    whole = side_by_side(sum(ours, []), sum(theirs, []))
    if whole is not None:
        return whole
    if len(ours) != len(theirs):
        return []
    return [pair for one, other in zip(ours, theirs) for pair in side_by_side(one, other) or []]
