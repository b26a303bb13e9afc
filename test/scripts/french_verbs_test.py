"""scripts/data/french-verbs on a package made up here: every form against conjugations written out, the splits by another
program, options and errors. Prints one line for each fault. Exits with 1 if there is any.
"""

import subprocess
import zipfile
from itertools import zip_longest

from support import FOLDER, failed_with, finish, lines, script

SIX = {"présent": "e es e ons ez ent", "imparfait": "ais ais ait ions iez aient", "futur-simple": "erai eras era erons erez eront",
       "passé-simple": "ai as a âmes âtes èrent"}  # fmt: skip
CONDITIONAL = "erais erais erait erions eriez eraient"
SUBJUNCTIVE = {"présent": "e es e ions iez ent", "imparfait": "asse asses ât assions assiez assent"}
# The features in words of a grammar, and the forms of `zyzer`, a verb like `aimer`.
WRITTEN_OUT = {
    "V IND PRS 1 SG": "zyze", "V IND PRS 2 SG": "zyzes", "V IND PRS 3 PL": "zyzent", "V IND PST IPFV 1 PL": "zyzions",
    "V IND FUT 2 PL": "zyzerez", "V IND PST PFV 3 SG": "zyza", "V COND 2 SG": "zyzerais", "V SBJV PRS 1 PL": "zyzions",
    "V SBJV PST 3 SG": "zyzât", "V POS IMP 2 SG": "zyze", "V POS IMP 1 PL": "zyzons", "V POS IMP 2 PL": "zyzez",
    "V.PTCP PRS": "zyzant", "V.PTCP PST MASC SG": "zyzé", "V.PTCP PST MASC PL": "zyzés", "V.PTCP PST FEM SG": "zyzée",
    "V.PTCP PST FEM PL": "zyzées",
}  # fmt: skip
VERBS = ["zyzer"] + [f"{a}{b}{c}er" for a in "bcdfg" for b in "aeiou" for c in "lmnt"]


def places(endings):
    """Returns forms; `-` is a form that the verb lacks, and `/` separates two spellings."""
    items = ("".join(f"<i>{each}</i>" for each in ending.split("/")) if ending != "-" else "" for ending in endings.split())
    return "".join(f"<p>{item}</p>" for item in items)


def template(name, tenses, first_future="erai"):
    def section(mood, parts):
        return f"<{mood}>" + "".join(f"<{tense}>{places(endings)}</{tense}>" for tense, endings in parts.items()) + f"</{mood}>"

    parts = tenses | {"futur-simple": tenses["futur-simple"].replace("erai", first_future, 1)}
    return (f'<template name="{name}">' + section("Infinitif", {"infinitif-présent": "er"}) + section("Indicatif", parts)
            + section("Conditionnel", {"présent": CONDITIONAL}) + section("Subjonctif", SUBJUNCTIVE)
            + section("Imperatif", {"imperatif-présent": "e ons ez"})
            + section("Participe", {"participe-présent": "ant", "participe-passé": "é és ée ées"}) + "</template>")  # fmt: skip


def package(name, templates, verbs):
    wheel = FOLDER / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("verbecc/data/xml/conjugations/conjugations-fr.xml", f"<c>{templates}</c>")
        archive.writestr("verbecc/data/xml/verbs/verbs-fr.xml", "<v-s>" + "".join(f"<v><i>{v}</i><t>{t}</t></v>" for v, t in verbs) + "</v-s>")
        archive.writestr("verbecc-2.0.3.dist-info/licenses/LICENSE", "The terms.\n")
    return wheel


GOOD = template("aim:er", SIX) + template("pay:er", SIX, "erai/irai") + template("pleuv:oir", SIX | {"présent": "- - e - - ent"})


def split_of(lemma):
    digest = subprocess.run(["sha256sum"], input=lemma, capture_output=True, text=True, check=True).stdout
    return {0: "test", 1: "validation"}.get(int(digest[:8], 16) % 10, "train")


def check_forms():
    verbs = [(verb, "pay:er" if place % 2 else "aim:er") for place, verb in enumerate(VERBS)] + [("zeuvoir", "pleuv:oir")]
    wheel = package("good", GOOD, verbs)
    here = {split: [verb for verb, _ in verbs if split_of(verb) == split] for split in ("train", "validation", "test")}
    wanted = {split: 48 * len(here[split]) - 4 * ("zeuvoir" in here[split]) for split in here}
    held = min(wanted["validation"], wanted["test"])
    output = FOLDER / "verbs"
    done = script("french-verbs", "--wheel", wheel, "--output", output, "--train", wanted["train"], "--held", held)
    if done.returncode != 0:
        yield f"french-verbs: {done.stderr}"
        return
    found = {}
    for split, verbs_here in here.items():
        files = [lines(output / name) for name in sorted(path.name for path in output.glob(f"{split}.forms*"))]
        for lemma, *forms in zip_longest(lines(output / f"{split}.lemmas"), *files):
            letters = [symbol for symbol in lemma.split() if len(symbol) == 1 and symbol.islower()]
            verb, features = "".join(letters), lemma[2 * len(letters) :]
            found[verb, features] = [form.replace(" ", "") for form in forms if form]
            if verb not in verbs_here:
                yield f"french-verbs: {verb} is in {split}"
    all_of_train = {verb for verb, _ in found}
    if not all_of_train >= set(here["train"]) or len(found) != wanted["train"] + 2 * held:
        yield f"french-verbs: {len(found)} forms of {len(all_of_train)} verbs"
    for features, form in WRITTEN_OUT.items():
        if found.get(("zyzer", features)) != [form] and split_of("zyzer") == "train":
            yield f"french-verbs: zyzer {features}: {found.get(('zyzer', features))}, right is {form}"
    spellings = [forms for (verb, features), forms in found.items() if dict(verbs)[verb] == "pay:er" and features == "V IND FUT 1 SG"]
    if not any(len(forms) == 2 and forms[1].endswith("irai") for forms in spellings):
        yield f"french-verbs: second spellings are lost: {spellings[:3]}"
    if any(verb == "zeuvoir" and features == "V IND PRS 1 SG" for verb, features in found):
        yield "french-verbs: an impersonal verb has all persons"
    card = (output / "card.md").read_text()
    if "The terms." not in card or f"| train | {len(here['train'])} | {wanted['train']:,} |" not in card:
        yield f"french-verbs: the card: {card[:900]}"


def check_wrong():
    good = [(verb, "aim:er") for verb in VERBS]
    short = GOOD.replace("<p><i>ons</i></p>", "", 1)
    cases = {
        "short": (package("short", short, good), "5 forms of Indicatif présent, not 6"),
        "unknown": (package("unknown", GOOD, [*good, ("finir", "fin:ir")]), "the verb finir has no template fin:ir"),
        "damaged": (package("damaged", GOOD + "<", good), "conjugations-fr.xml"),
        "few": (package("few", GOOD, good[:3]), "requested"),
    }
    for name, (wheel, text) in cases.items():
        output = FOLDER / f"{name}-output"
        done = script("french-verbs", "--wheel", wheel, "--output", output)
        if not failed_with(done, text) or list(FOLDER.glob(f"*{name}-output*")):
            yield f"french-verbs, {name}: {done.stderr}"
    if script("french-verbs", "--train", 0).returncode != 2:
        yield "french-verbs: --train 0"


finish(check_forms, check_wrong)
