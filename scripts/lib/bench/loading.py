"""scripts/bench data: the cost of preparing and loading, and the gain of batches of similar lengths."""

import json
import os
import platform
import tempfile
from pathlib import Path

from bench.process import measure, output_of
from bench.session import PYTHON, ROOT, build, processor

ABOUT = """Measures the data part on synthetic text (words by Zipf's law): `prepare` in MB/s and tokens/s with its peak memory, the
loader alone on one core in tokens/s with its memory, the share of padding that batches of similar lengths avoid, and the
words per second of training with such batches and with random ones, in this program, which computes no padding, and in a padded
PyTorch loop (scripts/bench_padded_pytorch.py). Prints a table, and the machine. 10 million pairs take
6 GB of disk."""
BUILD = ROOT / "build/release"
POOL = 100  # batches that are sorted by length together
CONFIG = """
data:
  train: {{source: text.source, target: text.target}}
  source: {{vocabulary: {{size: 30000}}}}
  target: {{vocabulary: {{size: 30000}}}}
  prepared: prepared
model: {{embedding: {{size: 256}}, encoder: {{kind: lstm, layers: 2, cells: 256}}, decoder: {{kind: lstm, layers: 2, cells: 256}}}}
train: {{batch: {{sentences: 64, pool: {pool}}}, optimizer: {{kind: sgd, learning_rate: 0.1}}, updates: {updates}}}
"""


def run(options):
    build("cpu", "seq2seq", "data_bench")
    with tempfile.TemporaryDirectory(prefix="seq2seq-bench-", dir=options.folder) as folder:
        output_of([BUILD / "test/data_bench", "text", folder, options.pairs])
        config = Path(folder, "bench.yaml")
        config.write_text(CONFIG.format(updates=options.updates, pool=POOL), encoding="utf-8")
        megabytes = sum(Path(folder, f"text.{side}").stat().st_size for side in ("source", "target")) / 1e6
        prepared = measure([BUILD / "seq2seq", "prepare", config, "--quiet"])
        loaded = json.loads(output_of([BUILD / "test/data_bench", "load", config, options.seconds]))
        consumed = {name: words_per_second(config, Path(folder, name), pool) for name, pool in (("bucketed", POOL), ("random", 1))}
        padded = json.loads(output_of([PYTHON, ROOT / "scripts/bench_padded_pytorch.py", "--updates", options.updates,
                                       Path(folder, "text.source"), Path(folder, "text.target")]))
        report(options.pairs, megabytes, prepared, loaded, consumed, padded)


def words_per_second(config, folder, pool):
    output_of([BUILD / "seq2seq", "train", config, "--run", folder, "--set", f"train.batch.pool={pool}", "--quiet"])
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    return [line["words_per_second"] for line in lines if line.get("kind") == "train"][-1]


def report(pairs, megabytes, prepared, loaded, consumed, padded):
    bucketed, random = loaded["bucketed"], loaded["random"]
    rows = [
        ("pairs", f"{pairs:,}"),
        ("prepare", f"{megabytes / prepared.seconds:.1f} MB/s, {prepared.seconds:.0f} s, peak memory {prepared.peak_mb:,.0f} MB"),
        ("loader, one core", f"{bucketed['tokens_per_second']:,} tokens/s, resident {bucketed['resident_mb']:,} MB"),
        ("training, packed", f"{consumed['bucketed']:,.0f} words/s (2 x 256 cells a side, 30,000 words): the loader makes {bucketed['tokens_per_second'] / consumed['bucketed']:.0f} times as many"),
        ("... random batches", f"{consumed['random']:,.0f} words/s"),
        ("training, padded, in PyTorch", f"{padded['bucketed']:,.0f} words/s"),
        ("... random batches", f"{padded['random']:,.0f} words/s: like lengths make it {padded['bucketed'] / padded['random']:.2f} times as fast"),
        ("pads, batches of like lengths", f"{100 * bucketed['pad_share']:.1f} % of a padded batch"),
        ("pads, random batches", f"{100 * random['pad_share']:.1f} % of a padded batch"),
        ("machine", f"{processor()}, {os.cpu_count()} processors, Python {platform.python_version()}"),
    ]
    for name, text in rows:
        print(f"{name:<30} {text}")
