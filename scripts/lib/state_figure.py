"""Draws an encoder's final states (figure 2 of Sutskever et al. 2014), and measures whether word order and voice separate."""

from collections import Counter

from failure import Failure
from figures import COLOURS, COLUMN

COLUMNS = ["group", "verb", "acts", "voice", "sentence"]  # of a file of phrases
QUESTIONS = {"acts": "who acts", "voice": "active or passive"}  # column -> what it states
CONTROL = "bag of words"
SEPARATION = "pairs"  # the group in which every verb occurs in both orders and both voices


def rows_of(file):
    """Only a line feed ends a line: a sentence may contain other separators, such as U+2028."""
    return [line.removesuffix("\r").split("\t") for line in file.read_bytes().decode("utf-8").removesuffix("\n").split("\n")]


def read_states(file):
    """Returns the states [sentences, units], and the sentences if the file has them."""
    import numpy

    try:
        if file.suffix == ".npy":
            states = numpy.load(file, allow_pickle=False)
            if states.ndim != 2 or states.dtype.kind != "f":
                raise ValueError
            return states.astype("float64"), None
        rows = rows_of(file)
        if rows[0][0] != "sentence" or len(rows) < 2:
            raise ValueError
        return numpy.array([[float(value) for value in row[1:]] for row in rows[1:]]), [row[0] for row in rows[1:]]
    except (ValueError, IndexError, UnicodeDecodeError):
        raise Failure(f"{file}: expected the output of `seq2seq states`") from None


def read_phrases(file):
    try:
        rows = rows_of(file)
    except UnicodeDecodeError:
        rows = []
    if not rows or rows[0] != COLUMNS or len(rows) < 2 or any(len(row) != len(COLUMNS) for row in rows):
        raise Failure(f"{file}: expected the columns {', '.join(COLUMNS)} between tabs")
    return [dict(zip(COLUMNS, row)) for row in rows[1:]]


def check_match(file, states, sentences, phrases):
    if len(states) != len(phrases):
        raise Failure(f"{file}: has {len(states)} states, but there are {len(phrases)} phrases; line n belongs to phrase n")
    for number, (sentence, phrase) in enumerate(zip(sentences or [], phrases), 1):
        if sentence != phrase["sentence"]:
            raise Failure(f"{file}: sentence {number} is `{sentence}`, but phrase {number} is `{phrase['sentence']}`")


def principal_components(points, count=2):
    """Returns the coordinates [n, count] of points [n, d] along the directions of the largest variance, and the shares of the variance.
    Uses the eigenvectors of the inner products [n, n], because there are fewer sentences than units. Signs are arbitrary, so the
    largest coordinate of each direction is made positive."""
    import numpy

    centred = points - points.mean(axis=0)
    values, vectors = numpy.linalg.eigh(centred @ centred.T)
    values, vectors = numpy.maximum(values[::-1], 0), vectors[:, ::-1]
    coordinates = vectors[:, :count] * numpy.sqrt(values[:count])
    largest = coordinates[numpy.abs(coordinates).argmax(axis=0), range(coordinates.shape[1])]
    total = values.sum()
    return coordinates * numpy.where(largest < 0, -1, 1), values[:count] / (total if total > 0 else 1)


def draw(states, phrases, plt):
    """Draws a panel for each group, except the pairs, which are for the other figure."""
    groups = [group for group in dict.fromkeys(phrase["group"] for phrase in phrases) if group != SEPARATION]
    groups = groups or [SEPARATION]
    figure, row = plt.subplots(1, len(groups), figsize=(2 * COLUMN * len(groups), 3.2), squeeze=False)
    for axes, group in zip(row[0], groups):
        chosen = [number for number, phrase in enumerate(phrases) if phrase["group"] == group]
        draw_panel(axes, states[chosen], [phrases[number] for number in chosen])
        axes.set_title(group, fontsize=8)
    figure.tight_layout()
    return figure


def draw_panel(axes, states, phrases):
    points, shares = principal_components(states)
    acting = list(dict.fromkeys(phrase["acts"] for phrase in phrases))
    for (x, y), phrase in zip(points, phrases):
        marker = "s" if phrase["voice"] == "passive" else "o"
        axes.plot(x, y, marker, markersize=3.5, color=COLOURS[acting.index(phrase["acts"]) % len(COLOURS)])
        axes.annotate(phrase["sentence"], (x, y), textcoords="offset points", xytext=(4, 2), fontsize=6)
    axes.set_xlabel(f"first component ({100 * shares[0]:.0f} % of the variance)")
    axes.set_ylabel(f"second component ({100 * shares[1]:.0f} %)")
    axes.margins(x=0.35, y=0.1)  # room for the sentences


def bags_of_words(sentences):
    """Returns the counts of the words of each sentence [sentences, words], which do not depend on the order."""
    import numpy

    counts = [Counter(sentence.split()) for sentence in sentences]
    words = sorted(set().union(*counts))
    return numpy.array([[count[word] for word in words] for count in counts], dtype="float64")


def separation(points, labels, held_out):
    """Returns the share of points that are nearer to the mean of their own label than to the other mean. Means leave out the points
    with the same `held_out`. A tie counts half; 0.5 is chance."""
    import numpy

    labels, held_out = numpy.array(labels), numpy.array(held_out)
    kinds = sorted(set(labels))
    correct = 0.0
    for place, point in enumerate(points):
        others = held_out != held_out[place]
        distances = [numpy.linalg.norm(point - points[others & (labels == kind)].mean(axis=0)) for kind in kinds]
        own = distances[kinds.index(labels[place])]
        other = min(distance for kind, distance in zip(kinds, distances) if kind != labels[place])
        correct += 0.5 if abs(own - other) <= 1e-9 * max(own, other, 1e-300) else float(own < other)
    return correct / len(points)


def separations(states, phrases):
    """Returns for each question the separation of the pairs by the states of each run and by bags of words."""
    chosen = [number for number, phrase in enumerate(phrases) if phrase["group"] == SEPARATION]
    pairs = [phrases[number] for number in chosen]
    verbs = [phrase["verb"] for phrase in pairs]
    if len(set(verbs)) < 2 or any(len({phrase[column] for phrase in pairs}) != 2 for column in QUESTIONS):
        return {}
    words = bags_of_words([phrase["sentence"] for phrase in pairs])
    found = {}
    for column, question in QUESTIONS.items():
        labels = [phrase[column] for phrase in pairs]
        found[question] = {"runs": [separation(each[chosen], labels, verbs) for each in states], CONTROL: separation(words, labels, verbs)}
    return found


def draw_separation(found, plt):
    """Draws bars with a dot for each run."""
    figure, axes = plt.subplots(figsize=(COLUMN, 2.3))
    for place, shares in enumerate(found.values()):
        runs = shares["runs"]
        axes.bar(place - 0.2, 100 * sum(runs) / len(runs), 0.38, color=COLOURS[0], label="final state" if place == 0 else None)
        axes.bar(place + 0.2, 100 * shares[CONTROL], 0.38, color=COLOURS[7], label=CONTROL if place == 0 else None)
        axes.plot([place - 0.2] * len(runs), [100 * share for share in runs], "o", markersize=3, color=COLOURS[6])
    axes.axhline(50, linewidth=0.6, linestyle="--", color=COLOURS[6])
    axes.set_xticks(range(len(found)), list(found))
    axes.set_ylabel("told apart, %")
    axes.set_ylim(0, 105)
    axes.legend(frameon=False, fontsize=7, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))  # above the bars
    return figure
