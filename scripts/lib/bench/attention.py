"""scripts/bench attention: the operations of nn/attention, compared with LibTorch's on padded sentences."""

import json

from bench.process import output_of
from bench.session import ROOT, build, processor

ABOUT = """Compares attention on packed sentences (64 of T/2 to T words) with LibTorch's operations on padded ones, forward and backward,
alternately in one process. Multi-head attention is compared with scaled_dot_product_attention. The attention of a decoder (all steps
at once, one step per call, and a step of a beam search) is compared with bmm and a masked softmax. Prints medians of seven and ratios."""


def run(options):
    build("cpu", "attention_bench")
    program = ROOT / "build/release/test/attention_bench"
    results = json.loads(output_of([program, options.threads, options.seconds, *options.cases]))
    print(f"| {processor()}, {options.threads} threads | packed, ms | padded, ms | ratio |\n|---|---:|---:|---:|")
    for result in results:
        print(f"| {result['case']} | {result['ours_ms']:.2f} | {result['padded_ms']:.2f} | {result['ratio']:.1f} |")
