"""FOLDER: sacreBLEU's bootstrap over sentences of FOLDER/hypotheses against FOLDER/references.0. Prints the mean of the
resampled scores and half the width of their 95 % interval, which is 1.96 of their standard deviations if they are normal."""
import sys

try:
    from sacrebleu.metrics import BLEU
except ImportError:
    sys.exit(77)

with open(f"{sys.argv[1]}/hypotheses", encoding="utf-8") as file:
    hypotheses = file.read().split("\n")[:-1]
with open(f"{sys.argv[1]}/references.0", encoding="utf-8") as file:
    references = file.read().split("\n")[:-1]
score = BLEU(tokenize="none").corpus_score(hypotheses, [references], n_bootstrap=2000)
print(score._mean, score._ci)
