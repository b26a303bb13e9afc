"""Aligns two texts that are translations of each other, each a list of blocks (kind, text)."""


def kinds(blocks):
    return [kind for kind, _ in blocks]


def side_by_side(ours, theirs):
    """Returns the blocks in pairs by position if both texts have the same kinds in the same order; otherwise None."""
    if kinds(ours) != kinds(theirs):
        return None
    return [(english, foreign) for (_, english), (_, foreign) in zip(ours, theirs)]


def by_parts(ours, theirs):
    """Like side_by_side for texts in parts: the whole texts if that works, otherwise each part that agrees, if both have as many parts."""
    whole = side_by_side(sum(ours, []), sum(theirs, []))
    if whole is not None:
        return whole
    if len(ours) != len(theirs):
        return []
    return [pair for one, other in zip(ours, theirs) for pair in side_by_side(one, other) or []]
