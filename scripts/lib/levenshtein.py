"""The number of edits that turn one sequence into another (Levenshtein 1966)."""


def table(output, reference):
    """Returns a table: [i][j] is the number of edits that turn output[i:] into reference[j:]."""
    edits = [[0] * (len(reference) + 1) for _ in range(len(output) + 1)]
    for i in reversed(range(len(output) + 1)):
        for j in reversed(range(len(reference) + 1)):
            if i == len(output) or j == len(reference):
                edits[i][j] = len(output) - i + len(reference) - j
            else:
                edits[i][j] = min(edits[i + 1][j] + 1, edits[i][j + 1] + 1, edits[i + 1][j + 1] + (output[i] != reference[j]))
    return edits


def distance(output, reference):
    return table(output, reference)[0][0]
