#!/usr/bin/env python3
"""Trains a grapheme-to-phoneme model on CMUdict in PyTorch, as a competent user would write it, for comparison.

An LSTM encoder-decoder without attention: the decoder starts from the encoder's final states, the letters are read in
reverse. Without options this is the plain loop (Adam at a constant rate); --peak-rate, --warmup and --linear-decay make
it the best loop. It trains for --seconds of wall time, decodes the test words and prints WER and PER.

The files in DIR have one word per line, symbols separated by blanks: train.letters, train.phonemes, and test.letters with
test.phonemes, test.phonemes.2, ... (further pronunciations of the same words; an empty line means none).
"""
import argparse
import itertools
import os
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
import quiet_pipe  # noqa: E402, F401
import environment  # noqa: E402
import levenshtein  # noqa: E402


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", required=True, metavar="DIR", help="folder of the words, as scripts/data/cmudict writes it")
    p.add_argument("--seconds", type=float, default=300, help="training time (%(default)s)")
    p.add_argument("--threads", type=int, default=2, help="processor threads (%(default)s)")
    p.add_argument("--seed", type=int, default=1, help="seed of the weights and the batches (%(default)s)")
    p.add_argument("--layers", type=int, default=2, help="layers per side (%(default)s)")
    p.add_argument("--cells", type=int, default=256, help="cells of a layer (%(default)s)")
    p.add_argument("--embedding", type=int, default=256, help="size of the vectors of letters and phonemes (%(default)s)")
    p.add_argument("--batch", type=int, default=128, help="words per update")
    p.add_argument("--dropout", type=float, default=0.1, help="dropout between layers")
    p.add_argument("--clip", type=float, default=5.0, help="limit of the gradient's norm")
    p.add_argument("--peak-rate", type=float, default=0.001, help="learning rate of Adam; with --warmup or --linear-decay its highest value")
    p.add_argument("--warmup", type=int, default=0, metavar="UPDATES", help="updates in which the rate rises linearly to its peak")
    p.add_argument("--linear-decay", action="store_true", help="let the rate fall to zero at the end of the training time")
    p.add_argument("--label-smoothing", type=float, default=0.0, help="share of the probability that goes to all phonemes alike (%(default)s)")
    p.add_argument("--beam", type=int, default=1, help="hypotheses kept in decoding; 1 is greedy")
    p.add_argument("--part", choices=("test", "validation"), default="test", help="the words to score (%(default)s)")
    return p.parse_args()


if __name__ == "__main__":
    OPTIONS = arguments()  # first, because torch takes seconds to import, and may be missing
    environment.need("torch")

import torch
from torch import nn
from torch.nn import functional as F

PAD, BEGIN, END, UNKNOWN = 0, 1, 2, 3


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [line.split() for line in lines]


def read_references(stem):
    """Returns the pronunciations of each word, from the first file and all numbered files."""
    files = [read(stem)]
    for number in itertools.count(2):
        if not os.path.exists(f"{stem}.{number}"):
            return [[r for r in word if r] for word in zip(*files)]
        files.append(read(f"{stem}.{number}"))


def vocabulary(sentences):
    return {symbol: UNKNOWN + 1 + i for i, symbol in enumerate(sorted({s for line in sentences for s in line}))}


def encode_letters(word, letters):
    return [letters.get(c, UNKNOWN) for c in reversed(word)]


def pad(rows, left=False):
    """Returns a tensor [positions, rows]. Letters are padded on the left, so that the encoder ends on a letter in every row."""
    width = max(map(len, rows))
    fill = [[PAD] * (width - len(row)) for row in rows]
    return torch.tensor([f + row if left else row + f for f, row in zip(fill, rows)]).t().contiguous()


def endless_batches(pairs, size):
    """Yields shuffled batches of words of similar length: sorted within pools of a hundred batches."""
    while True:
        order = random.sample(pairs, len(pairs))
        for start in range(0, len(order), 100 * size):
            pool = sorted(order[start:start + 100 * size], key=lambda pair: (len(pair[0]), len(pair[1])))
            batches = [pool[i:i + size] for i in range(0, len(pool), size)]
            yield from random.sample(batches, len(batches))


class Model(nn.Module):
    def __init__(self, letters, phonemes, a):
        super().__init__()
        dropout = a.dropout if a.layers > 1 else 0.0
        self.letters = nn.Embedding(letters, a.embedding, padding_idx=PAD)
        self.phonemes = nn.Embedding(phonemes, a.embedding, padding_idx=PAD)
        self.encoder = nn.LSTM(a.embedding, a.cells, a.layers, dropout=dropout)
        self.decoder = nn.LSTM(a.embedding, a.cells, a.layers, dropout=dropout)
        self.output = nn.Linear(a.cells, phonemes)

    def encode(self, letters):
        return self.encoder(self.letters(letters))[1]

    def forward(self, letters, phonemes):
        return self.decoder(self.phonemes(phonemes), self.encode(letters))[0]

    def step(self, phonemes, state):
        """Returns the log-probabilities of the phoneme after these, one per row, and the new state."""
        cells, state = self.decoder(self.phonemes(phonemes)[None], state)
        scores = self.output(cells[0])
        scores[:, [PAD, BEGIN, UNKNOWN]] = -torch.inf
        return scores.log_softmax(1), state


def train(model, pairs, a):
    optimizer = torch.optim.Adam(model.parameters(), lr=a.peak_rate, fused=True)
    updates = words = 0
    start = time.monotonic()
    for batch in endless_batches(pairs, a.batch):
        elapsed = time.monotonic() - start
        if elapsed >= a.seconds:
            break
        rate = a.peak_rate * min(1.0, (updates + 1) / max(1, a.warmup))
        if a.linear_decay:
            rate *= 1 - elapsed / a.seconds
        for group in optimizer.param_groups:
            group["lr"] = rate

        letters = pad([x for x, _ in batch], left=True)
        given = pad([[BEGIN] + y for _, y in batch])
        wanted = pad([y + [END] for _, y in batch]).flatten()
        real = wanted != PAD
        cells = model(letters, given).flatten(0, 1)[real]
        loss = F.cross_entropy(model.output(cells), wanted[real], label_smoothing=a.label_smoothing)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), a.clip)
        optimizer.step()

        updates += 1
        words += sum(len(x) + len(y) + 1 for x, y in batch)
        if updates % 500 == 0:
            print(f"update {updates}: {time.monotonic() - start:.0f} s, loss {loss.item():.4f}", flush=True)
    seconds = time.monotonic() - start
    return updates, words, seconds


@torch.no_grad()
def decode(model, words, beam):
    """Returns the best phonemes of every word by a beam over sums of log-probabilities; a beam of 1 is greedy."""
    found = [None] * len(words)
    order = sorted(range(len(words)), key=lambda i: len(words[i]))
    for start in range(0, len(order), 256):
        chosen = order[start:start + 256]
        letters = pad([words[i] for i in chosen], left=True)
        n = len(chosen)
        first = torch.arange(n)[:, None] * beam  # first row of each word
        state = tuple(s.repeat_interleave(beam, dim=1) for s in model.encode(letters))
        scores = torch.full((n, beam), -torch.inf)
        scores[:, 0] = 0  # all hypotheses are the same at first
        last = torch.full((n, beam), BEGIN)
        history = torch.empty(n, beam, 0, dtype=torch.long)
        for _ in range(2 * len(letters) + 5):
            ended = last == END
            step, state = model.step(last.flatten(), state)
            step = step.view(n, beam, -1)
            step[ended] = -torch.inf  # a finished hypothesis does not change
            step[..., END][ended] = 0
            kinds = step.shape[2]
            scores, best = (scores[..., None] + step).flatten(1).topk(beam)
            parent, last = best // kinds, best % kinds
            history = torch.cat([history.gather(1, parent[..., None].expand_as(history)), last[..., None]], dim=2)
            state = tuple(s[:, (first + parent).flatten()].contiguous() for s in state)
            if (last[:, 0] == END).all():  # sums only decrease, so no hypothesis can overtake it
                break
        for i, row in zip(chosen, history[:, 0].tolist()):
            found[i] = row[:row.index(END)] if END in row else row
    return found


def error_rates(hypotheses, references):
    """Returns WER and PER in percent. A word is correct if it equals any reference; otherwise the nearest reference counts."""
    wrong = distance = length = 0
    for hypothesis, candidates in zip(hypotheses, references):
        d, n = min((levenshtein.distance(hypothesis, r), len(r)) for r in candidates)
        wrong += d > 0
        distance += d
        length += n
    return 100 * wrong / len(references), 100 * distance / length


def main(a):
    torch.set_num_threads(a.threads)
    torch.manual_seed(a.seed)
    random.seed(a.seed)

    words, sounds = read(os.path.join(a.data, "train.letters")), read(os.path.join(a.data, "train.phonemes"))
    letters, phonemes = vocabulary(words), vocabulary(sounds)
    pairs = [(encode_letters(x, letters), [phonemes[s] for s in y]) for x, y in zip(words, sounds)]
    model = Model(UNKNOWN + 1 + len(letters), UNKNOWN + 1 + len(phonemes), a)
    parameters = sum(p.numel() for p in model.parameters())

    updates, tokens, seconds = train(model, pairs, a)

    names = {number: symbol for symbol, number in phonemes.items()}
    tested = read(os.path.join(a.data, f"{a.part}.letters"))
    references = read_references(os.path.join(a.data, f"{a.part}.phonemes"))
    model.eval()
    start = time.monotonic()
    found = decode(model, [encode_letters(word, letters) for word in tested], a.beam)
    decoding = time.monotonic() - start
    wer, per = error_rates([[names[s] for s in row] for row in found], references)

    print(f"protocol: {len(pairs)} training pairs, {len(tested)} {a.part} words, any reference counts; no attention, no "
          f"alignment; {a.layers} x {a.cells} cells, embedding {a.embedding}, {parameters} parameters, batch {a.batch}, "
          f"dropout {a.dropout}, peak rate {a.peak_rate}, warm-up {a.warmup}, "
          f"{'linear decay' if a.linear_decay else 'no decay'}, label smoothing {a.label_smoothing}, clip {a.clip}, "
          f"beam {a.beam}, seed {a.seed}, {a.threads} threads, torch {torch.__version__}")
    print(f"trained {seconds:.1f} s, {updates} updates, {updates * a.batch / len(pairs):.2f} epochs, "
          f"{tokens / seconds:.0f} words/s (source + target); decoded {len(tested) / decoding:.0f} words/s")
    print(f"WER {wer:.2f} PER {per:.2f}")


if __name__ == "__main__":
    main(OPTIONS)
