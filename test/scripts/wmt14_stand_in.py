#!/usr/bin/env python3
"""Writes a folder with the names and formats of the WMT'14 archives, as input of scripts/data/wmt14-en-fr:

    test/scripts/wmt14_stand_in.py FOLDER [--pairs N] [--from data/debian-en-fr]

The sentences are those of scripts/data/debian-text, or made up without it. Every corpus has some lines like those
of crawled text: an empty side, bytes that are not UTF-8, other line separators, carriage returns, no-break spaces.
"""

import argparse
import gzip
import io
import itertools
import random
import tarfile
from pathlib import Path

# The English file of each pair in the archives, and some unused files.
FULL = {
    "training-parallel-europarl-v7.tgz": ["training/europarl-v7.fr-en.en"],
    "training-parallel-commoncrawl.tgz": ["commoncrawl.fr-en.en"],
    "training-parallel-un.tgz": ["un/undoc.2000.fr-en.en"],
    "training-parallel-nc-v9.tgz": ["training/news-commentary-v9.fr-en.en"],
    "training-giga-fren.tar": ["giga-fren.release2.fixed.en.gz"],
}
SELECTED = ["ep7_pc45", "nc9", "dev08_11", "crawl", "ccb2_pc30", "un2000_pc34"]
TESTS = {"dev.tgz": ["dev/newstest2012", "dev/newstest2013"], "test-full.tgz": ["test-full/newstest2014-fren"]}
QUOTED = (b"\"Quotes\" & <tags> 1,000.5 it's | [here]", "\u00ab L'arr\u00eat\u00e9 \u00bb n'a pas 50 %; c'est-\u00e0-dire...".encode())
ODD = [
    (b"", "Un côté vide.".encode()),
    (b"Nothing on the other side.", b" \t\r"),
    (b"not UTF-8 \xe9\xff", b"pas d'UTF-8"),
    ("one\u2028line \u0085 here".encode(), "une\u2029ligne\x0bici\x1cet l\u00e0".encode()),
    (b"a carriage  return\r", "un retour\u00a0chariot\r".encode()),
    QUOTED,
    ("\u200b".encode(), "\u200b".encode()),
]


def sentences(number, folder=None):
    """Returns pairs of sentences, as bytes."""
    if folder and (folder / "train.en").exists():
        with (folder / "train.en").open("rb") as english, (folder / "train.fr").open("rb") as french:
            yield from ((e.rstrip(b"\n"), f.rstrip(b"\n")) for e, f in itertools.islice(zip(english, french), number))
        return
    generator = random.Random(7)
    words = [("".join(generator.choices("abcdefghilmnoprstu", k=generator.randint(1, 9))), "é".join(generator.choices("aeiou", k=2)))
             for _ in range(5000)]  # fmt: skip
    for _ in range(number):
        chosen = generator.choices(words, k=generator.randint(1, 30))
        yield " ".join(e for e, _ in chosen).capitalize().encode() + b".", ", ".join(f for _, f in chosen).encode() + b" !"


def shares(pairs, names):
    """Returns the pairs, divided unevenly, with the unusual lines added to each: {name: [(English, French), ...]}."""
    dealt = {name: [] for name in names}
    for number, pair in enumerate(pairs):
        dealt[names[number % len(names)] if number % 5 else names[0]].append(pair)
    for share in dealt.values():
        for place, odd in enumerate(ODD):
            share.insert(min(len(share), 3 * place), odd)
    return dealt


def joined(lines):
    return b"".join(line + b"\n" for line in lines)


def sgm(kind, pairs, side, languages):
    """Returns a test set in the format of the workshop, ten segments per document."""
    text = [f'<{kind}set setid="newstest" srclang="any"{languages}>']
    for begin in range(0, len(pairs), 10):
        text.append(f'<doc sysid="ref" docid="news.{begin}" genre="news" origlang="fr">\n<p>')
        for number, pair in enumerate(pairs[begin : begin + 10], 1):
            line = pair[side].decode().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            text.append(f'<seg id="{number}">{line}</seg>' if number % 3 else f'<seg id="{number}"> {line}\n</seg>')
        text.append("</p>\n</doc>")
    return ("\n".join([*text, f"</{kind}set>"]) + "\n").encode()


def write_archive(path, members):
    """Writes a .tgz or a .tar; members that end in .gz are compressed."""
    with tarfile.open(path, "w:gz" if path.suffix == ".tgz" else "w") as tar:
        for name, content in members:
            content = gzip.compress(content) if name.endswith(".gz") else content
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))


def both(name, pairs):
    """Returns the two files of a corpus; `name` is the English one."""
    stem, _, packed = name.rpartition(".en")
    return [(f"{stem}.en{packed}", joined(e for e, _ in pairs)), (f"{stem}.fr{packed}", joined(f for _, f in pairs))]


def write(folder, pairs):
    """Writes all archives, and returns {text: {corpus: [(English, French), ...]}}, with corpora named by their files."""
    folder.mkdir(parents=True, exist_ok=True)
    held, rest = pairs[:120], pairs[120:]
    for place in (0, 50, 90):  # one in each test set
        held[place] = QUOTED
    news = dict(zip((name for names in TESTS.values() for name in names), (held[:50], held[50:90], held[90:])))
    full = shares(rest, [name for names in FULL.values() for name in names])
    chosen = shares(rest[::2], SELECTED)
    for archive, names in FULL.items():
        others = [(f"training/{archive[9:14]}.cs-en.en", b"of another language\n")]
        write_archive(folder / archive, others + [member for name in names for member in both(name, full[name])])
    for archive, names in TESTS.items():
        members = []
        for name in names:
            wrong = [(b"the wrong side", b"le mauvais c\xc3\xb4t\xc3\xa9")] * len(news[name])
            members += [(f"{name}-src.fr.sgm", sgm("src", wrong, 1, "")), (f"{name}-ref.en.sgm", sgm("ref", wrong, 0, ' trglang="en"'))]
            members += [(f"{name}-ref.fr.sgm", sgm("ref", news[name], 1, ' trglang="fr"')), (f"{name}-src.en.sgm", sgm("src", news[name], 0, ""))]
        write_archive(folder / archive, members)
    write_archive(folder / "bitexts.tgz", [m for name in SELECTED for m in both(f"bitexts.selected/{name}.en.gz", chosen[name])])
    validation = news["dev/newstest2012"] + news["dev/newstest2013"]
    test = news["test-full/newstest2014-fren"]
    write_archive(folder / "dev+test.tgz", both("dev/ntst1213.en", validation) + both("dev/ntst14.en", test))
    return {"full": full, "selected": chosen, "news": news}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=20000)
    parser.add_argument("--from", dest="origin", type=Path, default=Path("data/debian-en-fr"))
    options = parser.parse_args()
    texts = write(options.folder, list(sentences(options.pairs, options.origin)))
    for text, corpora in texts.items():
        print(f"{text}: " + ", ".join(f"{name} {len(pairs):,}" for name, pairs in corpora.items()))


if __name__ == "__main__":
    main()
