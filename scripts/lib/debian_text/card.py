"""The card of the text from Debian's archive, for people: card.md."""

from debian_text import clean, split


def markdown(facts, language, sources):
    return "\n\n".join([counts(facts, language, sources), meaning(facts["overlap"]), LICENCES])


def counts(facts, language, sources):
    rows = "\n".join(
        f"| {name} | {s['pairs']:,} | {s['titles']:,} | {s['tokens_english']:,} | {s['tokens_foreign']:,} |"
        for name, s in facts["splits"].items()
    )
    origins = "\n".join(
        f"| {name} | {facts['kept'].get(name, 0):,} | "
        + (", ".join(f"{why} {n:,}" for why, n in sorted(facts["left_out"].get(name, {}).items())) or "none")
        + " |"
        for name in sources
    )
    versions = ", ".join(f"`{name}` {version}" for name, version in facts["packages"].items()) or "none"
    return f"""# English and {language} from Debian

Source: {facts['release']}. Packages: {versions}; `desc` comes from the archive's indices. Other releases, and later point
releases of the same, give other counts.

| split | pairs | of them titles | English tokens | {language} tokens |
|---|---|---|---|---|
{rows}

| source | pairs kept | left out, by reason |
|---|---|---|
{origins}

`desc`: descriptions of packages; `help`: LibreOffice's help; `man`: manual pages; `manuals`: four manuals of the Debian project.
Titles are short descriptions and headings. Line n of `SPLIT.origin` says where line n of the others is from: source, document,
kind. A token here is a run of letters and digits, or a single other sign."""


def meaning(overlap):
    return f"""## What a figure on this data means

- **Split** by document (a source package, the file of a page): h = the first four bytes of SHA-256 of `source/document`, big-endian,
  mod 1000; h < 25 is the test, below 50 validation, the rest training.
- **Near copies** of held-out sentences are taken out of training, on either side: {overlap['taken_out_of_train']:,} pairs. Before that
  {overlap['test_with_near_copy_in_train_before']:,} test sentences had one. A near copy has the same words, or, from {split.LEAST_WORDS} words on, half of the word trigrams in common.
- **Overlap that is left**: of {overlap['test_with_run']:,} test sentences with {overlap['run_words']} English words or more, {overlap['test_sharing_run_with_train']:,} share a run of as many with training
  ({overlap['test_sharing_run_with_train_before']:,} before).
- **Text**: technical, formulaic, not tokenized; NFC, ASCII quotes and dashes; at most {clean.LONGEST} tokens a side."""


LICENCES = """## Licences

Descriptions are under the terms of their packages; LibreOffice's help is MPL-2.0; the manual pages have each their own free
licence, their translations GPL-3 or later; the manuals of the Debian project are GPL-2 or later.
"""
