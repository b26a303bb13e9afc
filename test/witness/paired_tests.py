"""sacreBLEU's paired approximate randomization: paired_tests.py FOLDER.

FOLDER holds `first`, `second` and `references.0`. Prints for BLEU, chrF and TER: name, both scores, the p-value of 5,000 exchanges, and the
half width of the 95 % bootstrap interval of either score.
"""

import sys
from pathlib import Path

try:
    from sacrebleu.metrics import BLEU, CHRF, TER
    from sacrebleu.significance import PairedTest
except ImportError as missing:
    print(missing, file=sys.stderr)
    sys.exit(77)


def lines(name):
    return (Path(sys.argv[1]) / name).read_bytes().decode("utf-8").removesuffix("\n").split("\n")


references = [lines("references.0")]
metrics = {"bleu": BLEU(references=references), "chrf": CHRF(references=references), "ter": TER(references=references)}
systems = [("first", lines("first")), ("second", lines("second"))]
_, scores = PairedTest(systems, metrics, None, test_type="ar", n_samples=5000, n_ar_confidence=2000)()
shown = [name for name in scores if name != "System"]  # in the order of the metrics
for name, title in zip(metrics, shown):
    first, second = scores[title]
    print(name, first.score, second.score, second.p_value, first.ci, second.ci)
