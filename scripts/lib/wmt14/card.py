"""The card of the text, and the line printed at the end."""

from .recipe import TEXTS, WHERE


def total(counts):
    """Returns the sums over the corpora of a part."""
    keys = ("read", "kept", "words_english", "words_french")
    return {key: sum(corpus[key] for corpus in counts.values()) for key in keys}


def summary(made, output):
    sums = {part: total(counts) for part, counts in made["counts"].items()}
    train = sums["train"]
    return (
        f"data: {output}: {train['kept']:,} pairs to train on, {train['words_english']:,} English and {train['words_french']:,} French words; "
        f"{sums['newstest2012-2013']['kept']:,} for validation, {sums['newstest2014']['kept']:,} for the test; {output}/card.md says how it was made"
    )


def rows(counts):
    for name, c in counts.items():
        yield name, c, f"{c['published']:,}" if c["published"] else "not known"
    if len(counts) > 1:
        yield "**all**", total(counts) | {"left_out": {}}, ""


def table(counts):
    return "\n".join(
        f"| {name} | {c['read']:,} | {published} | {', '.join(f'{why} {n:,}' for why, n in sorted(c['left_out'].items()))} | "
        f"{c['kept']:,} | {c['words_english']:,} | {c['words_french']:,} |"
        for name, c, published in rows(counts)
    )


def odd(facts):
    """Returns the corpora with other counts than published: truncated, or a stand-in."""
    return [name for counts in facts.values() for name, c in counts.items() if c["published"] not in (None, c["read"])]


def how_tokenized(text, tokenizer):
    if TEXTS[text].tokenized:
        return "as published: LIUM tokenized it"
    if tokenizer == "none":
        return "none: the text is as published, blanks put in order"
    return "as Moses does, by the Python package `sacremoses`, one for English and one for French, signs not escaped"


def markdown(name, tokenizer, digests, facts):
    text = TEXTS[name]
    head = "| corpus | pairs read | as published | left out | kept | English words | French words |\n|---|---|---|---|---|---|---|"
    tables = "\n\n".join(f"`{part}`:\n\n{head}\n{table(counts)}" for part, counts in facts.items())
    sources = "\n".join(f"- `{archive}`, {WHERE[archive]}, SHA-256 `{digests.get(archive, 'unpacked')}`" for archive in text.archives())
    others = odd(facts)
    warning = f"\n**Not the published text**: {', '.join(others)} have other counts than their publishers'.\n" if others else ""
    return f"""# WMT'14, English and French

{text.what[0].upper() + text.what[1:]}. Made from the original archives:

{sources}
{warning}
{tables}

A word is what blanks separate. Published are the line counts that others found in the same files.

## What a figure on this data means

- **Text**: `{name}`. The paper trained on 12 million pairs, 348 million French and 304 million English words: the subset `selected`.
- **Tokens**: {how_tokenized(name, tokenizer)}. BLEU on tokenized text depends on who tokenized it.
- **Left out**: pairs with an empty side or with bytes that are not UTF-8, no others: none is too long or there twice.
- **Validation** is newstest2012 and newstest2013 one after the other, the **test** newstest2014, as in the paper.
- **Vocabularies**: the 160,000 most frequent English and 80,000 French words, made by `seq2seq` from `configs/sutskever2014.yaml`.

## Licences

The workshop's text is for research; Europarl, the UN's documents, News Commentary and the crawled pages have each their own
owners and terms, named by the publishers.
"""
