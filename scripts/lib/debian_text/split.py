"""Splits documents into training, validation and test by a hash of their names, and removes near copies of held-out text."""

import hashlib
from collections import Counter, defaultdict

from .clean import words

SPLITS = ("train", "validation", "test")
LEAST_WORDS = 5  # shorter sentences are not compared by trigrams
LEAST_ALIKE = 0.5  # Jaccard index of the trigrams of near copies
OVERLAP = 13  # words per run; shared runs are reported


def split_of(pair):
    name = f"{pair.source}/{pair.document}"
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big") % 1000
    return "test" if number < 25 else "validation" if number < 50 else "train"


def deal(pairs):
    """Returns the pairs by split, training without near copies of the others, and figures of the overlap."""
    splits = {split: [] for split in SPLITS}
    for pair in pairs:
        splits[split_of(pair)].append(pair)
    everything = splits["train"]
    held = {split: splits[split] for split in ("validation", "test")}
    copied = {"validation": set(), "test": set()}
    spoiled = set()
    for side in ("english", "foreign"):
        finder = NearCopies((split, index, getattr(pair, side)) for split in held for index, pair in enumerate(held[split]))
        for index, pair in enumerate(everything):
            for split, number in finder.of(getattr(pair, side)):
                copied[split].add(number)
                spoiled.add(index)
    splits["train"] = [pair for index, pair in enumerate(everything) if index not in spoiled]
    longer, before = runs_shared(splits["test"], everything)
    _, after = runs_shared(splits["test"], splits["train"])
    return splits, {
        "taken_out_of_train": len(spoiled),
        "test_with_near_copy_in_train_before": len(copied["test"]),
        "validation_with_near_copy_in_train_before": len(copied["validation"]),
        "run_words": OVERLAP,
        "test_with_run": longer,
        "test_sharing_run_with_train_before": before,
        "test_sharing_run_with_train": after,
    }


class NearCopies:
    """Finds held-out sentences that a sentence is a near copy of: the same words, or half of the trigrams in common."""

    def __init__(self, held):
        self.same, self.holding, self.sizes = defaultdict(list), defaultdict(list), {}
        for split, index, text in held:
            key, there = (split, index), words(text)
            if not there:
                continue
            self.same[tuple(there)].append(key)
            if len(there) >= LEAST_WORDS:
                grams = n_grams(there, 3)
                self.sizes[key] = len(grams)
                for gram in grams:
                    self.holding[gram].append(key)

    def of(self, text):
        there = words(text)
        found = set(self.same.get(tuple(there), ()))
        if len(there) >= LEAST_WORDS:
            grams = n_grams(there, 3)
            shared = Counter(key for gram in grams for key in self.holding.get(gram, ()))
            found |= {key for key, n in shared.items() if n >= LEAST_ALIKE * (len(grams) + self.sizes[key] - n)}
        return found


def n_grams(items, n):
    return {tuple(items[i : i + n]) for i in range(len(items) - n + 1)}


def runs_shared(test, train):
    """Returns how many test sentences have a run of OVERLAP English words, and how many of these share one with training."""
    runs = [grams for pair in test if (grams := n_grams(words(pair.english), OVERLAP))]
    wanted = set().union(*runs)
    found = set()
    for pair in train:
        found |= n_grams(words(pair.english), OVERLAP) & wanted
    return len(runs), sum(not grams.isdisjoint(found) for grams in runs)
