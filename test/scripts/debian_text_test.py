"""The parts of scripts/data/debian-text on small inputs made up here: alignment, sentences, cleaning, near copies, the split.
Prints one line for each fault. Exits with 1 if there is any.
"""

import gzip
import hashlib
import itertools
import random
import subprocess
import sys

from support import FOLDER, LIBRARY, finish

sys.path.insert(0, str(LIBRARY))
from debian_text import Pair, archive, blocks, clean, descriptions, man_pages, manuals, office_help, sentences, split  # noqa: E402


def differs(what, found, right):
    if found != right:
        yield f"{what}: {found!r}, right is {right!r}"


def check_blocks():
    ours, theirs = [[("p", "a"), ("i", "b")], [("p", "c")]], [[("p", "A"), ("i", "B")], [("p", "C")]]
    yield from differs("the same kinds", blocks.by_parts(ours, theirs), [("a", "A"), ("b", "B"), ("c", "C")])
    # Divided into other parts, but equal as a whole.
    yield from differs("other parts", blocks.by_parts(ours, [sum(theirs, [])]), [("a", "A"), ("b", "B"), ("c", "C")])
    theirs = [[("p", "A"), ("p", "B")], [("p", "C")]]
    yield from differs("one part of two agrees", blocks.by_parts(ours, theirs), [("c", "C")])
    yield from differs("nothing agrees", blocks.by_parts(ours, [[("i", "A")], [("i", "B")], [("i", "C")]]), [])


class Lists:
    """Replaces debian_text.archive.Archive: stanzas from text."""

    def __init__(self, **texts):
        self.texts = texts

    def stanzas(self, index):
        return archive.read_stanzas(self.texts[index.replace("-", "_")].splitlines(keepends=True))


def stanza(package, digest, language, *description):
    return f"Package: {package}\nDescription-md5: {digest}\nDescription-{language}: " + "\n ".join(description) + "\n\n"


def check_descriptions():
    english = [
        stanza("one", "d1", "en", "a tool", "It does this", "and that.", ".", "* first", "  item", "* second", ".", " verbatim line"),
        stanza("two", "d2", "en", "another tool", "One paragraph.", ".", "Two."),
        stanza("three", "d3", "en", "only English", "Text."),
    ]
    french = [
        stanza("one", "d1", "fr", "un outil", "Il fait ceci et", "cela.", ".", "- premier élément", "- second", ".", " ligne telle quelle"),
        stanza("two", "d2", "fr", "un autre outil", "Un seul paragraphe."),
        stanza("four", "d4", "fr", "d'une autre version", "Texte."),
    ]
    lists = Lists(Translation_en="".join(english), Translation_fr="".join(french),
                  Packages="Package: one\nSource: origin (1.2)\n\nPackage: two\nVersion: 1\n\n")  # fmt: skip
    found = list(descriptions.pairs(lists, "fr"))
    right = [
        ("origin", "title", "a tool", "un outil"),
        ("origin", "text", "It does this and that.", "Il fait ceci et cela."),
        ("origin", "text", "first item", "premier élément"),
        ("origin", "text", "second", "second"),
        ("origin", "text", "verbatim line", "ligne telle quelle"),
        ("two", "title", "another tool", "un autre outil"),  # the rest has another structure
    ]
    yield from differs("descriptions", found, [Pair("desc", *pair) for pair in right])


def check_help():
    def page(paragraph, heading, choice):
        return (f"<html><head><title>t</title></head><body><h1 id='hd_1'>{heading}</h1><p id='par_1'>{paragraph} <em>x</em></p>"
                f"<p id='par_2'>Code: <code>{paragraph}</code></p><p>without id</p><p id='par_3'>{choice}</p><script>no</script></body></html>")  # fmt: skip

    def choice(default, other):
        return (f"Press <span class='switchinline' id='s1'><span id='MAC1' class='MAC'><em>{other}</em></span>"
                f"<span id='default1'><em>{default}</em></span></span>.")  # fmt: skip

    for language, texts in (("en-US", ("Text &amp; more", "Heading", choice("Ctrl", "Cmd"))), ("fr", ("Texte", "Titre", choice("Ctrl", "Cmd")))):
        folder = FOLDER / "help" / office_help.HELP / language / "text" / "sbasic"
        folder.mkdir(parents=True)
        (folder / "one.html").write_text(page(*texts))
        if language == "en-US":
            (folder / "two.html").write_text(page(*texts))
    right = [("title", "Heading", "Titre"), ("text", "Text & more x", "Texte x"), ("text", "Press Ctrl.", "Press Ctrl.")]
    found = list(office_help.pairs(FOLDER / "help", "fr"))
    yield from differs("help", found, [Pair("help", "sbasic/one.html", *pair) for pair in right])


ENGLISH_PAGE = r""".\" a comment
.TH LS 1 2020-01-01
.SH NAME
ls \- list \fBfiles\fP
.SH DESCRIPTION
Shows
.B files
and
.IR folders ,
as said.
.PP
.nf
left out
.fi
After it.
.TP
.B \-a
All of them\(em\(aqreally\(aq.
.SH BUGS
One.
.SH END
Last.
"""
FRENCH_PAGE = r""".TH LS 1 2020-01-01
.SH NOM
ls \- lister les \fBfichiers\fP
.SH DESCRIPTION
Montre les
.B fichiers
et les
.IR dossiers ,
comme dit.
.PP
.nf
omis
.fi
Ensuite.
.TP
.B \-a
Tous.
.SH BOGUES
Un.
.PP
Deux.
.SH FIN
Dernier.
.SH TRADUCTION
De quelqu'un.
"""


def check_man():
    for language, name, text in (("", "ls.1", ENGLISH_PAGE), ("fr", "ls.1", FRENCH_PAGE), ("", "mdoc.1", ".Dd today\n.Sh NAME\nx\n"),
                                 ("fr", "mdoc.1", ".Dd today\n.Sh NOM\nx\n"), ("", "alone.1", ENGLISH_PAGE)):  # fmt: skip
        folder = FOLDER / "man" / man_pages.MAN / language / "man1"
        folder.mkdir(parents=True, exist_ok=True)
        with gzip.open(folder / f"{name}.gz", "wt", encoding="utf-8") as file:
            file.write(text)
    (folder / "again.1.gz").symlink_to("ls.1.gz")
    right = [
        ("title", "NAME", "NOM"),
        ("text", "ls - list files", "ls - lister les fichiers"),
        ("title", "DESCRIPTION", "DESCRIPTION"),
        ("text", "Shows files and folders, as said.", "Montre les fichiers et les dossiers, comme dit."),
        ("text", "After it.", "Ensuite."),
        ("text", "-a", "-a"),
        ("text", "All of them-'really'.", "Tous."),
        ("title", "BUGS", "BOGUES"),  # of another structure: only the title
        ("title", "END", "FIN"),
        ("text", "Last.", "Dernier."),
    ]
    yield from differs("man", list(man_pages.pairs(FOLDER / "man", "fr")), [Pair("man", "man1/ls.1.gz", *pair) for pair in right])


def check_manuals():
    folder = FOLDER / "manuals" / "usr/share/debian-reference"
    folder.mkdir(parents=True)
    (folder / "ch01.en.html").write_text("<h2>1.1. Basics</h2><p>One.</p><pre>code</pre><h2>1.2. More</h2><p>Two.</p><p>Three.</p>")
    (folder / "ch01.fr.html").write_text("<h2>1.1. Bases</h2><p>Un.</p><h2>1.2. Suite</h2><p>Deux et trois.</p>")
    right = [("title", "Basics", "Bases"), ("text", "One.", "Un.")]
    yield from differs("manuals", list(manuals.pairs(FOLDER / "manuals", "fr")), [Pair("manuals", "debian-reference/ch01", *p) for p in right])


def check_sentences():
    text = 'It runs, e.g. on Linux. "Really?" Yes! See St. John (fig. 2). It ends'
    yield from differs("sentences", sentences.sentences(text), ["It runs, e.g. on Linux.", '"Really?"', "Yes!", "See St. John (fig. 2).", "It ends"])
    yield from differs("aligned", sentences.aligned("One thing. Two things.", "Une. Deux."), [("One thing.", "Une."), ("Two things.", "Deux.")])
    yield from differs("other numbers", sentences.aligned("One. Two.", "Une et deux."), [("One. Two.", "Une et deux.")])
    long = "A. " + " ".join(["Word"] * 30) + "."
    yield from differs("other lengths", sentences.aligned("One. Two.", long), [("One. Two.", long)])


def check_clean():
    spelled = {
        "\u00ab\u00a0l\u2019e\u0301te\u0301\u00a0\u00bb": '"l\'\u00e9t\u00e9"',
        "a\u22c5b \u2013 c\u2026\u200b": "a b - c...",
        " \t\u201eso\u201c\n": '"so"',
    }
    for text, right in spelled.items():
        yield from differs("spelled", clean.spelled(text), right)
    faults = [
        ("", "un", "a side is empty"),
        (" ".join(["ab"] * 80), " ".join(["cd"] * 80), None),
        (" ".join(["ab"] * 81), " ".join(["cd"] * 80), "over 80 tokens"),
        ("abcdef 1234", "xyzuvw 5678", None),  # 6 letters of 10 signs
        ("abcdef 12345", "xyzuvw 5678", "under 60 % letters"),
        ("a b", "c d e f g h i j", None),  # 2 * 2 + 4
        ("a b", "c d e f g h i j k", "lengths differ"),
        ("the same", "the same", "both sides alike"),
        ("run it now", "run the file with it", "left in English"),
        ("alpha beta gamma delta", "alpha beta gamma delta epsilon", "left in English"),  # 4 of 5 words
        ("alpha beta gamma delta", "alpha beta gamma epsilon", None),  # 3 of 4
    ]
    for english, foreign, right in faults:
        yield from differs(f"the fault of {english[:30]!r}, {foreign[:30]!r}", clean.fault(english, foreign), right)


def plain_words(text):
    """Returns the words by a second method: letters in lower case, blanks for all other characters."""
    return "".join(sign.lower() if sign.isalpha() else " " for sign in text).split()


def near(one, other):
    """Finds near copies by a second method, as the card describes it."""
    one, other = plain_words(one), plain_words(other)
    if one == other and one:
        return True
    if min(len(one), len(other)) < 5:
        return False
    first, second = ({" ".join(three) for three in zip(w, w[1:], w[2:])} for w in (one, other))
    return 2 * len(first & second) >= len(first | second)


def random_pairs(generator, number):
    """Returns pairs of sentences from few words, so that near copies and exact halves are frequent."""
    for index in range(number):
        texts = []
        for _ in range(2):
            words = generator.choices(["One", "two", "Trois", "four", "f\u00fcnf"], k=generator.randint(0, 9))
            texts.append(" ".join(word + generator.choice(["", "", ",", " 7"]) for word in words) + ".")
        yield Pair(generator.choice(["desc", "man"]), f"document{index // 3}", "text", *texts)


def summed(names):
    """Returns the split by sha256sum, an independent program."""
    found = {}
    for name in sorted(names):
        digest = subprocess.run(["sha256sum"], input=name, capture_output=True, text=True, check=True).stdout
        number = int(digest[:8], 16) % 1000
        found[name] = "test" if number < 25 else "validation" if number < 50 else "train"
    return found


def runs(pairs):
    return [{tuple(w[i : i + 13]) for i in range(len(w) - 12)} for pair in pairs if (w := plain_words(pair.english))]


def check_deal():
    for seed in range(3):
        generator = random.Random(seed)
        # A fixed list holds out a third, not 5 % as by chance; so the split is tested by the names of documents.
        pairs = [pair._replace(document=generator.choice(DOCUMENTS)) for pair in random_pairs(generator, 600)]
        long = " ".join(f"w{'abcdefghijklmnopqrst'[i]}" for i in range(20))
        pairs += [Pair("desc", HELD, "text", long, "Seul."), Pair("desc", OURS, "text", "Say once that " + long + " and then " + long[::-1], "Autre.")]
        right = {name: [] for name in ("train", "validation", "test")}
        for pair in pairs:
            right[BY_NAME[f"{pair.source}/{pair.document}"]].append(pair)
        everything = right["train"]
        held = {name: right[name] for name in ("validation", "test")}
        copies = {name: [any(near(p.english, t.english) or near(p.foreign, t.foreign) for t in everything) for p in held[name]] for name in held}
        right["train"] = [t for t in everything if not any(near(p.english, t.english) or near(p.foreign, t.foreign)
                                                           for p in itertools.chain(*held.values()))]  # fmt: skip
        found, overlap = split.deal(pairs)
        for name in right:
            yield from differs(f"seed {seed}: {name}", found[name], right[name])
        wanted = [grams for grams in runs(right["test"]) if grams]
        shared = [sum(any(grams & other for other in runs(train)) for grams in wanted) for train in (everything, right["train"])]
        figures = {
            "taken_out_of_train": len(everything) - len(right["train"]),
            "test_with_near_copy_in_train_before": sum(copies["test"]),
            "validation_with_near_copy_in_train_before": sum(copies["validation"]),
            "run_words": 13,
            "test_with_run": len(wanted),
            "test_sharing_run_with_train_before": shared[0],
            "test_sharing_run_with_train": shared[1],
        }
        yield from differs(f"seed {seed}: overlap", overlap, figures)
        if not (wanted and shared[0] and sum(copies["test"]) and len(right["train"]) > 20 and figures["taken_out_of_train"] > 20):
            yield f"seed {seed}: the test tests nothing: {figures}"


def at_the_edges():
    """Returns names near the borders of the split, found by random search."""
    numbers = {}
    for n in itertools.count():
        name = f"help/e{n}"
        numbers.setdefault(int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % 1000, name)
        if {24, 25, 49, 50} <= numbers.keys():
            return {numbers[edge] for edge in (24, 25, 49, 50)}


BY_NAME = summed({f"{source}/d{n}" for source in ("desc", "man") for n in range(300)} | at_the_edges())
DOCUMENTS = [f"d{n}" for n in range(300) if "train" not in (BY_NAME[f"desc/d{n}"], BY_NAME[f"man/d{n}"])] + [f"d{n}" for n in range(40)]
HELD = next(name.partition("/")[2] for name, where in BY_NAME.items() if where == "test" and name.startswith("desc/"))
OURS = next(name.partition("/")[2] for name, where in BY_NAME.items() if where == "train" and name.startswith("desc/"))


def check_split():
    found = {name: split.split_of(Pair(*name.split("/", 1), "text", "", "")) for name in BY_NAME}
    yield from differs("the split", found, BY_NAME)


finish(check_blocks, check_descriptions, check_help, check_man, check_manuals, check_sentences, check_clean, check_split, check_deal)
