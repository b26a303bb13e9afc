"""Compares figures in the documentation with the tables of studies and with data cards, for check_docs."""

import json
import re

NUMBER = r"[-+]?\d[\d,]*(?:\.\d+)?"


def figures(root, file, lines):
    """Checks that each `a ± b` and `d [low, high]` of a page that links to tables is in one of them, to the decimals given."""
    tables = tables_of(root, root / file)
    if not tables:
        return
    known = list(figures_of(tables))
    for number, line in enumerate(lines, start=1):
        for mean, deviation in re.findall(rf"({NUMBER}) ± ({NUMBER})", line):
            if not any(equal(mean, figure["mean"]["value"]) and equal(deviation, figure["deviation"]) for figure in known):
                yield f"{file}:{number}: {mean} ± {deviation} is in none of the tables that the page links to"
        for value, low, high in re.findall(rf"({NUMBER}) \[({NUMBER}), ({NUMBER})\]", line):
            candidates = [figure[kind] for figure in known for kind in ("difference", "mean") if figure.get(kind)]
            if not any(all(map(equal, (value, low, high), (one["value"], one["low"], one["high"]))) for one in candidates):
                yield f"{file}:{number}: {value} [{low}, {high}] is in none of the tables that the page links to"


def tables_of(root, page, depth=1):
    """Returns the table.json beside each table that a page links to, directly or through a page of results."""
    tables = set()
    for link in re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf-8")):
        target = (page.parent / link).resolve()
        if target.name in ("table.md", "index.html") and target.with_name("table.json").exists():
            tables.add(target.with_name("table.json"))
        elif depth and target.suffix == ".md" and target.parent.name == "results" and target.exists():
            tables |= tables_of(root, target, depth - 1)
    return tables


def figures_of(tables):
    for table in sorted(tables):
        for line in json.loads(table.read_text(encoding="utf-8"))["lines"]:
            yield from line["figures"].values()


def equal(text, value):
    if value is None:
        return False
    digits = len(text.partition(".")[2])
    return abs(float(text.replace(",", "")) - value) <= 0.5000001 * 10**-digits


def cards(root, file, lines):
    """Checks the counts in the table of docs/data.md against the card of each data set that exists."""
    if file.name != "data.md":
        return
    text = "\n".join(lines)
    for number, line in enumerate(lines, start=1):
        match = re.match(r"\| `scripts/data/([a-z-]+)", line)
        folder = {"cmudict": "g2p", "debian-text": "debian-en-fr"}.get(match[1], match[1]) if match else ""
        card = root / "data" / folder / "card.json"
        if not folder or not card.exists():
            continue
        content = json.loads(card.read_text(encoding="utf-8"))
        if "release" in content and content["release"].split(" (")[0] not in text:
            continue  # of another release, with other counts
        known = set(numbers_of(content))
        for count in re.findall(r"\d[\d,]*", line.split("|")[3].partition("or any")[0]):
            if int(count.replace(",", "")) not in known:
                yield f"{file}:{number}: {count} is not in {card.relative_to(root)}"


def numbers_of(value):
    if isinstance(value, dict):
        value = value.values()
    elif isinstance(value, int):
        yield value
    if not isinstance(value, (str, int, float, bool, type(None))):
        for one in value:
            yield from numbers_of(one)
