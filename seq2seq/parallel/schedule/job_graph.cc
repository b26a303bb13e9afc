#include "seq2seq/parallel/schedule/job_graph.h"

#include <algorithm>
#include <numeric>

namespace seq2seq::parallel {
namespace {

using nn::Piece;
using nn::StageInput;

std::vector<Piece> cut_steps(const std::vector<int64_t>& running, int64_t chunk) {
  const auto steps = std::ssize(running);
  const int64_t length = chunk == 0 ? std::max<int64_t>(steps, 1) : chunk;
  std::vector<Piece> pieces;
  int64_t row = 0;
  for (int64_t step = 0; step < std::max<int64_t>(steps, 1); step += length) {
    const int64_t end = std::min(step + length, steps);
    const int64_t rows = std::accumulate(running.begin() + step, running.begin() + end, int64_t{0});
    pieces.push_back({.first_step = step, .last_step = end, .first_row = row, .last_row = row + rows});
    row += rows;
  }
  return pieces;
}

bool overlap(const Piece& a, const Piece& b) { return a.first_step < b.last_step && b.first_step < a.last_step; }

/// The jobs of one micro-batch.
class MicroBatch {
 public:
  MicroBatch(JobGraph& graph, int64_t number, const BatchShape& shape, const Cut& cut)
      : graph_(graph), number_(number), cut_(cut) {
    for (const auto& stage : graph.stages) {
      const auto& running = stage.side == nn::Side::source ? shape.source : shape.target;
      pieces_.push_back(cut_steps(running, stage.whole ? 0 : cut.chunk));
    }
  }

  void add_forward() {
    forward_.resize(pieces_.size());
    for (size_t stage = 0; stage < pieces_.size(); ++stage) {
      for (size_t piece = 0; piece < pieces_[stage].size(); ++piece)
        forward_[stage].push_back(add(Job::Kind::forward, stage, pieces_[stage][piece], needs_forward(stage, piece)));
    }
  }

  /// Adds the same dependencies in the other direction.
  void add_backward() {
    backward_.resize(pieces_.size());
    readers_.resize(pieces_.size());
    for (size_t stage = 0; stage < pieces_.size(); ++stage) backward_[stage].resize(pieces_[stage].size());
    for (size_t stage = 0; stage < pieces_.size(); ++stage) {
      readers_[stage].resize(pieces_[stage].size());
      for (const auto& input : graph_.stages[stage].inputs) {
        for (size_t piece = 0; piece < pieces_[stage].size(); ++piece)
          for (const size_t from : pieces_needed(stage, piece, input))
            readers_[static_cast<size_t>(input.stage)][from].emplace_back(stage, piece);
      }
    }
    for (size_t stage = pieces_.size(); stage-- > 0;) {
      for (size_t piece = pieces_[stage].size(); piece-- > 0;)
        backward_[stage][piece] = add(Job::Kind::backward, stage, pieces_[stage][piece], needs_backward(stage, piece));
      if (graph_.stages[stage].defers_weights) add_weights(stage);
    }
  }

 private:
  using Place = std::pair<size_t, size_t>;  // stage, piece

  int64_t add(Job::Kind kind, size_t stage, const Piece& piece, std::vector<int64_t> needs) {
    const auto& about = graph_.stages[stage];
    graph_.jobs.push_back({.kind = kind,
                           .micro_batch = number_,
                           .stage = static_cast<int64_t>(stage),
                           .place = about.place,
                           .piece = piece,
                           .needs = std::move(needs),
                           .products = about.products * static_cast<double>(piece.rows())});
    return std::ssize(graph_.jobs) - 1;
  }

  /// Returns the pieces of an input that a piece waits for.
  std::vector<size_t> pieces_needed(size_t stage, size_t piece, const StageInput& input) const {
    const auto& from = pieces_[static_cast<size_t>(input.stage)];
    std::vector<size_t> needed;
    if (input.needs == StageInput::Needs::steps) {
      for (size_t other = 0; other < from.size(); ++other)
        if (from.size() == 1 || pieces_[stage].size() == 1 || overlap(from[other], pieces_[stage][piece]))
          needed.push_back(other);
    } else if (piece == 0 || !graph_.stages[stage].recurrent) {
      const bool recurrent = graph_.stages[static_cast<size_t>(input.stage)].recurrent;
      for (size_t other = recurrent ? from.size() - 1 : 0; other < from.size(); ++other) needed.push_back(other);
    }
    return needed;
  }

  std::vector<int64_t> needs_forward(size_t stage, size_t piece) const {
    std::vector<int64_t> needs;
    if (graph_.stages[stage].recurrent && piece > 0) needs.push_back(forward_[stage][piece - 1]);
    for (const auto& input : graph_.stages[stage].inputs)
      for (const size_t from : pieces_needed(stage, piece, input))
        needs.push_back(forward_[static_cast<size_t>(input.stage)][from]);
    return needs;
  }

  std::vector<int64_t> needs_backward(size_t stage, size_t piece) const {
    std::vector<int64_t> needs{forward_[stage][piece]};
    if (graph_.stages[stage].recurrent && piece + 1 < pieces_[stage].size())
      needs.push_back(backward_[stage][piece + 1]);
    for (const auto& [reader, its] : readers_[stage][piece]) needs.push_back(backward_[reader][its]);
    return needs;
  }

  void add_weights(size_t stage) {
    const auto& pieces = pieces_[stage];
    for (size_t last = pieces.size(); last > 0;) {
      Piece piece = pieces[--last];
      std::vector<int64_t> needs{backward_[stage][last]};
      while (last > 0 && piece.rows() < cut_.weight_rows) {
        --last;
        piece.first_step = pieces[last].first_step;
        piece.first_row = pieces[last].first_row;
        needs.push_back(backward_[stage][last]);
      }
      add(Job::Kind::weights, stage, piece, std::move(needs));
    }
  }

  JobGraph& graph_;
  int64_t number_;
  const Cut& cut_;
  std::vector<std::vector<Piece>> pieces_;                // by stage
  std::vector<std::vector<int64_t>> forward_, backward_;  // jobs by stage and piece
  std::vector<std::vector<std::vector<Place>>> readers_;  // the pieces that wait for each piece of a stage
};

}  // namespace

std::string name_of(Job::Kind kind) {
  return kind == Job::Kind::forward ? "forward" : kind == Job::Kind::backward ? "backward" : "weights";
}

JobGraph make_jobs(const std::vector<nn::Stage>& stages, const std::vector<BatchShape>& batches, const Cut& cut) {
  JobGraph graph{.stages = stages, .jobs = {}};
  for (const auto& stage : stages) graph.places = std::max(graph.places, stage.place + 1);
  for (size_t number = 0; number < batches.size(); ++number) {
    MicroBatch jobs(graph, static_cast<int64_t>(number), batches[number], cut);
    jobs.add_forward();
    jobs.add_backward();
  }
  return graph;
}

std::vector<int64_t> levels(const JobGraph& graph) {
  std::vector<int64_t> levels(graph.jobs.size(), 0);
  for (size_t job = 0; job < graph.jobs.size(); ++job)
    for (const int64_t before : graph.jobs[job].needs)
      levels[job] = std::max(levels[job], levels[static_cast<size_t>(before)] + 1);
  return levels;
}

}  // namespace seq2seq::parallel
