"""The files of the text, by their publishers' names, and the numbers of pairs that others counted in them."""

from typing import NamedTuple

STATMT = "https://www.statmt.org/"  # the workshop: statmt.org/wmt14/translation-task.html
LIUM = "http://www-lium.univ-lemans.fr/~schwenk/cslm_joint_paper/data/"  # reference 29 of the paper

WHERE = {
    "training-parallel-europarl-v7.tgz": STATMT + "wmt13/training-parallel-europarl-v7.tgz",
    "training-parallel-commoncrawl.tgz": STATMT + "wmt13/training-parallel-commoncrawl.tgz",
    "training-parallel-un.tgz": STATMT + "wmt13/training-parallel-un.tgz",
    "training-parallel-nc-v9.tgz": STATMT + "wmt14/training-parallel-nc-v9.tgz",
    "training-giga-fren.tar": STATMT + "wmt10/training-giga-fren.tar",
    "dev.tgz": STATMT + "wmt14/dev.tgz",
    "test-full.tgz": STATMT + "wmt14/test-full.tgz",
    "bitexts.tgz": LIUM + "bitexts.tgz",
    "dev+test.tgz": LIUM + "dev+test.tgz",
}


class Corpus(NamedTuple):
    name: str
    archive: str
    english: str  # the file in the archive
    french: str
    pairs: int | None = None  # as counted by others; None: unknown


class Text(NamedTuple):
    what: str
    tokenized: bool  # as published
    train: list
    validation: list
    test: list

    def archives(self):
        return list(dict.fromkeys(corpus.archive for corpus in self.train + self.validation + self.test))


def selected(name):
    return Corpus(name, "bitexts.tgz", f"bitexts.selected/{name}.en.gz", f"bitexts.selected/{name}.fr.gz")


def beside(name, archive, stem, ends=(".en", ".fr"), pairs=None):
    return Corpus(name, archive, stem + ends[0], stem + ends[1], pairs)


def news(year, archive, folder, pairs, languages=""):
    ends = ("-src.en.sgm", "-ref.fr.sgm")
    return beside(f"newstest{year}", archive, f"{folder}/newstest{year}{languages}", ends, pairs)


# The counts are those of google's lingvo (lingvo/tasks/mt/params), lines ended by a line feed, and of the workshop's
# overview papers for the test sets.
TEXTS = {
    "selected": Text(
        what="the subset of 12 million pairs that Schwenk selected, tokenized by him, on which the paper trained",
        tokenized=True,
        train=[selected(name) for name in ("ep7_pc45", "nc9", "dev08_11", "crawl", "ccb2_pc30", "un2000_pc34")],
        validation=[beside("newstest2012-2013", "dev+test.tgz", "dev/ntst1213", pairs=6003)],
        test=[beside("newstest2014", "dev+test.tgz", "dev/ntst14", pairs=3003)],
    ),
    "full": Text(
        what="all of the workshop's parallel text, 40.8 million pairs",
        tokenized=False,
        train=[
            beside("europarl-v7", "training-parallel-europarl-v7.tgz", "training/europarl-v7.fr-en", pairs=2007723),
            beside("commoncrawl", "training-parallel-commoncrawl.tgz", "commoncrawl.fr-en", pairs=3244152),
            beside("undoc.2000", "training-parallel-un.tgz", "un/undoc.2000.fr-en", pairs=12886831),
            beside("news-commentary-v9", "training-parallel-nc-v9.tgz", "training/news-commentary-v9.fr-en", pairs=183251),
            beside("giga-fren", "training-giga-fren.tar", "giga-fren.release2.fixed", (".en.gz", ".fr.gz"), 22520376),
        ],
        validation=[news(2012, "dev.tgz", "dev", 3003), news(2013, "dev.tgz", "dev", 3000)],
        test=[news(2014, "test-full.tgz", "test-full", 3003, languages="-fren")],
    ),
}
