#!/usr/bin/env python3
"""The PyTorch programs of scripts/bench decode: batched searches and a batched scorer in PyTorch, with the weights of run folders.

    scripts/bench_decode_pytorch.py search INPUT OUTPUT RUN ... --beam K
                                                   outputs for lines of text; several runs write them together
    scripts/bench_decode_pytorch.py score INPUT OUTPUT RUN --list LIST
                                                   log-probabilities of the texts of an n-best list, one per line

With several sizes in --batch all work is done once for each size. Prints the seconds of each size as JSON.
"""

import argparse
import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "lib"))
import quiet_pipe  # noqa: E402, F401
import environment  # noqa: E402


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--threads", type=int, default=2, help="(%(default)s)")
    p.add_argument("--device", default="cpu", help="cpu or cuda (%(default)s)")
    commands = p.add_subparsers(dest="command", required=True)
    for name, about in (("search", "outputs for lines of text"), ("score", "log-probabilities of given outputs")):
        command = commands.add_parser(name, help=about)
        command.add_argument("input", type=Path, help="sources, one per line")
        command.add_argument("output", type=Path, help="file for the outputs")
        command.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="run folder")
        command.add_argument("--batch", default="64", metavar="N,...", help="sentences computed together (%(default)s)")
        if name == "search":
            command.add_argument("--beam", type=int, default=1, help="hypotheses kept; 1: greedy (%(default)s)")
            command.add_argument("--n-best", type=int, default=1, help="outputs of a sentence; more than 1: in Moses' format (%(default)s)")
        else:
            command.add_argument("--list", type=Path, required=True, help="n-best list in Moses' format")
    return p.parse_args()


if __name__ == "__main__":
    OPTIONS = arguments()  # first, because torch takes seconds to import, and may be missing
    environment.need("torch")

import torch
from torch import nn
from torch.nn import functional as F

from bench_pytorch import END, FILLER, PAD_TARGET, START, compute_in_float32, pad, read_model
from plain_model.run_folder import find_checkpoint, read_config, read_lines, read_vocabulary
from plain_model.text import SIDES, Text


def search_all(options, models, text, sources):
    """Returns a function that searches all sources with a given batch size and returns lines."""
    config = read_config(options.runs[0] / "config.yaml")
    ratio, plus = (float(config[f"decode.max_length.{key}"]) for key in ("ratio", "plus"))
    longest = [int(-(-(ratio * len(line.split())) // 1) + plus) for line in read_sources(options.input)]
    order = sorted(range(len(sources)), key=lambda i: -len(sources[i]))

    def work(batch):
        found = [[]] * len(sources)
        for chosen in parts(order, batch):
            group, lengths = [sources[i] for i in chosen], torch.tensor([longest[i] for i in chosen], device=options.device)
            if options.beam == 1:
                outputs = [[output] for output in greedy(models[0], group, lengths)]
            else:
                outputs = search(models, group, lengths, options.beam, options.n_best)
            for i, each in zip(chosen, outputs):
                found[i] = [" ".join(text.target_words[id] for id in ids) for ids in each]
        if options.n_best == 1:
            return [each[0] for each in found]
        return [f"{i} ||| {output} ||| base= 0 ||| 0" for i, each in enumerate(found) for output in each]
    return work


def score_all(options, models, text, sources):
    """Returns the same for the scores of a list. Each source is encoded once; texts of similar lengths are scored together."""
    fields = [line.split(" ||| ") for line in read_sources(options.list)]
    owners, targets = [int(each[0]) for each in fields], [text.target(each[1]).tolist() for each in fields]
    order = sorted(range(len(targets)), key=lambda i: -len(targets[i]))

    def work(batch):
        scores = [0.0] * len(targets)
        states = encode_all(models[0], sources, batch)
        for chosen in parts(order, batch):
            state = tuple(s.index_select(1, torch.tensor([owners[i] for i in chosen], device=s.device)) for s in states)
            for i, value in zip(chosen, score(models[0], state, [targets[i] for i in chosen])):
                scores[i] = value
        return [f"{value:.9g}" for value in scores]
    return work


def text_of(run):
    return Text(read_config(run / "config.yaml"), *(read_vocabulary(run / f"{side}.vocabulary") for side in SIDES), run)


def read_sources(file):
    return read_lines(file) if file.stat().st_size > 0 else []


def parts(order, size):
    return [order[start:start + size] for start in range(0, len(order), size)]


def encode(model, sources):
    ids = nn.utils.rnn.pack_sequence([source.to(model.output.weight.device) for source in sources], enforce_sorted=False)
    return model.encoder.lstm(ids._replace(data=model.encoder.embedding(ids.data)))[1]


def encode_all(model, sources, batch):
    """Returns two tensors [L, sources, H]; None without sources."""
    order = sorted(range(len(sources)), key=lambda i: -len(sources[i]))
    if not order:
        return None
    together = [encode(model, [sources[i] for i in chosen]) for chosen in parts(order, batch)]
    back = torch.tensor(order, device=model.output.weight.device).argsort()
    return tuple(torch.cat(part, 1).index_select(1, back) for part in zip(*together))


def score(model, state, targets):
    """Returns the log-probability of each target with its end, given the decoder's first state. The output layer reads only real words."""
    device = model.output.weight.device
    given = pad([[START, *ids] for ids in targets], FILLER).to(device)
    wanted = pad([[*ids, END] for ids in targets], PAD_TARGET).to(device).flatten()
    real = (wanted != PAD_TARGET).nonzero().squeeze(1)
    rows = model.decoder(given, state)[0].flatten(0, 1).index_select(0, real)
    losses = F.cross_entropy(model.output(rows), wanted[real], reduction="none")
    return torch.zeros(len(targets), device=device).index_add_(0, real % len(targets), losses).neg().tolist()


def step(models, last, states):
    """Reads one word per row and returns the log-probabilities of the next word; several models average their probabilities."""
    sum_of = None
    for i, model in enumerate(models):
        rows, states[i] = model.decoder.lstm(model.decoder.embedding(last)[None], states[i])
        logits = model.output(rows[0])
        if len(models) == 1:
            return logits.log_softmax(1)
        probabilities = logits.softmax(1)
        sum_of = probabilities if sum_of is None else sum_of.add_(probabilities)
    return sum_of.div_(len(models)).log_()


def greedy(model, sources, longest):
    state, device = encode(model, sources), longest.device
    last = torch.full((len(sources),), START, device=device)
    ended, words = longest == 0, []
    while not ended.all():
        states, state = model.decoder.lstm(model.decoder.embedding(last)[None], state)
        logits = model.output(states[0])
        logits[:, [0, START]] = -torch.inf  # the unknown word and the start symbol are never written
        last = logits.argmax(1)
        words.append(last)
        ended = ended | (last == END) | (longest == len(words))
    rows = torch.stack(words, 1).tolist() if words else [[] for _ in sources]
    return [row[:row.index(END)] if END in row[:most] else row[:most] for row, most in zip(rows, longest.tolist())]


def search(models, sources, longest, beam, n_best=1):
    """Returns the best outputs of each source, best first, by a beam over sums of log-probabilities.

    The rules are those of the program: an extension that ends among the best K of a step is complete, and the best K that do not end
    continue. A hypothesis that reaches the longest length is cut, unless its end is among the best K of that step.
    """
    device, n = longest.device, len(sources)
    states = [tuple(s.repeat_interleave(beam, dim=1) for s in encode(model, sources)) for model in models]  # [L, n K, H]
    first = torch.arange(n, device=device)[:, None] * beam  # first row of each sentence
    scores = torch.full((n, beam), -torch.inf, device=device)
    scores[:, 0] = 0  # all hypotheses are the same at first
    last = torch.full((n, beam), START, device=device)
    best = torch.full((n, n_best), -torch.inf, device=device), torch.zeros(n, n_best, 2, dtype=torch.long, device=device)
    parents, words = [], []
    for number in range(int(longest.max()) + 1):
        log_p = step(models, last.flatten(), states).view(n, beam, -1)
        log_p[..., [0, START]] = -torch.inf  # never written
        kinds = log_p.shape[2]
        ranked, index = (scores[..., None] + log_p).flatten(1).topk(2 * beam)  # [n, 2 K]
        parent, word = index // kinds, index % kinds
        best = with_complete(best, scores, ranked, parent, word == END, number, longest)
        going_on = (word == END).to(torch.int8).argsort(dim=1, stable=True)[:, :beam]  # the best K that do not end
        scores = ranked.gather(1, going_on).masked_fill((longest <= number)[:, None], -torch.inf)
        scores = scores.masked_fill(scores < best[0][:, -1:], -torch.inf)  # sums only decrease
        parent, last = parent.gather(1, going_on), word.gather(1, going_on)
        parents.append(parent)
        words.append(last)
        if torch.isneginf(scores).all():
            break
        states = [tuple(s.index_select(1, (first + parent).flatten()) for s in state) for state in states]
    parents, words = torch.stack(parents).tolist(), torch.stack(words).tolist()
    return [[trace(i, *at, parents, words) for value, at in zip(*each) if value > -torch.inf]
            for i, each in enumerate(zip(*(part.tolist() for part in best)))]


def with_complete(best, scores, ranked, parent, ends, number, longest):
    """Adds the hypotheses that are complete after this step, and those cut at the longest length. `best`: their scores [n, N], and the
    step and the row of each [n, N, 2]."""
    values, places = best
    beam = scores.shape[1]
    complete = torch.where(ends[:, :beam], ranked[:, :beam], -torch.inf)
    can_end = torch.zeros_like(scores).scatter_reduce(1, parent[:, :beam], ends[:, :beam].float(), "amax") > 0
    cut = torch.where((longest == number)[:, None], scores.masked_fill(can_end, -torch.inf), -torch.inf)
    rows = torch.cat([parent[:, :beam], torch.arange(beam, device=scores.device).expand(len(scores), -1)], 1)
    values, which = torch.cat([values, complete, cut], 1).topk(values.shape[1])
    places = torch.cat([places, torch.stack([torch.full_like(rows, number), rows], 2)], 1)
    return values, places.gather(1, which[..., None].expand(-1, -1, 2))


def trace(sentence, number, row, parents, words):
    """Returns the words of a hypothesis before a step."""
    found = []
    for earlier in range(number - 1, -1, -1):
        found.append(words[earlier][sentence][row])
        row = parents[earlier][sentence][row]
    return found[::-1]


@torch.inference_mode()
def main(options):
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    compute_in_float32()
    text = text_of(options.runs[0])
    models = [read_model(find_checkpoint(run, "best") / "weights.safetensors", options.device) for run in options.runs]
    sources = [text.source(line) for line in read_sources(options.input)]
    work = {"search": search_all, "score": score_all}[options.command](options, models, text, sources)
    seconds, lines = {}, []
    for batch in map(int, options.batch.split(",")):
        start = time.monotonic()
        lines = work(batch)
        seconds[batch] = time.monotonic() - start
    options.output.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(OPTIONS)
