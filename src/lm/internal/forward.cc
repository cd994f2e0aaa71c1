// How a pass is shared. Its rows are cut into groups of members, and within a group each member has
// some columns of every product, and the heads of attention that belong to some keys. With many
// rows there are as many groups as members: each then works alone, through all columns, and they
// meet but once in a layer, where the keys of all rows must be stored before any row looks at them.
// With few rows there is one group: every member reads its own part of the weights, whose way from
// memory is what takes the time then, and they meet after every step that needs whole rows.
//
// What a member computes of a row is the same sum in the same order whoever computes it; a product
// of another shape may differ in its last bits.
#include "lm/internal/forward.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "base/error.h"
#include "lm/gemm.h"
#include "lm/internal/kernels.h"

namespace iago {
namespace {

constexpr std::int64_t kLogitsBytes = std::int64_t{16} << 20;
// Rows that a member alone multiplies about as fast as many more (gemm.h).
constexpr std::int64_t kRowsAlone = 16;
// Columns are cut at multiples of this: whole vectors, whole lines of the cache.
constexpr std::int64_t kColumns = 16;

struct Range {
  std::int64_t begin, end;
  std::int64_t size() const { return end - begin; }
};

// The part-th of `parts` ranges of [0, whole), cut at multiples of `unit`.
Range range_of(std::int64_t whole, std::int64_t part, std::int64_t parts, std::int64_t unit = 1) {
  const std::int64_t units = (whole + unit - 1) / unit;
  auto at = [&](std::int64_t p) { return std::min(whole, units * p / parts * unit); };
  return {at(part), at(part + 1)};
}

// The most groups of equal size in which each has rows enough.
std::int64_t groups_for(std::int64_t rows, std::int64_t members) {
  for (std::int64_t groups = members; groups > 1; --groups) {
    if (members % groups == 0 && rows / groups >= kRowsAlone) return groups;
  }
  return 1;
}

// gemm, also of no columns: narrow networks have fewer than members.
void multiply(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, std::int64_t a_stride,
              const float* b, std::int64_t b_stride, float beta, float* c, std::int64_t c_stride) {
  if (n > 0) gemm(m, n, k, a, a_stride, b, b_stride, beta, c, c_stride);
}

// The jobs of rows [begin, end).
std::vector<AttentionJob> jobs_within(std::span<const AttentionJob> jobs, Range rows) {
  std::vector<AttentionJob> within;
  for (AttentionJob job : jobs) {
    if (job.row_end <= rows.begin || job.row_begin >= rows.end) continue;
    if (job.row_begin < rows.begin) {
      if (job.causal == Causal::yes) job.keys += rows.begin - job.row_begin;
      job.row_begin = rows.begin;
    }
    job.row_end = std::min(job.row_end, rows.end);
    within.push_back(job);
  }
  return within;
}

}  // namespace

// Where the members of one pass meet.
struct Forward::Meetings {
  Meetings(std::int64_t groups, std::int64_t parts)
      : all(static_cast<std::uint32_t>(groups * parts)) {
    for (std::int64_t i = 0; i < groups; ++i) {
      group.emplace_back(static_cast<std::uint32_t>(parts));
    }
  }
  MeetingPoint all;
  std::deque<MeetingPoint> group;
};

// What one member does of a pass.
struct Forward::Share {
  Range rows{};                      // of its group
  std::int64_t part = 0, parts = 1;  // of the group's columns and heads
  MeetingPoint* group = nullptr;     // null: it is alone
  MeetingPoint* all = nullptr;       // null: there are no rows but the group's

  Range own_rows() const {
    const Range range = range_of(rows.size(), part, parts);
    return {rows.begin + range.begin, rows.begin + range.end};
  }
  Range columns(std::int64_t whole) const { return range_of(whole, part, parts, kColumns); }
  Range heads(std::int64_t whole) const { return range_of(whole, part, parts); }
  void meet() const {
    if (parts > 1) group->wait();
  }
  void meet_all() const {
    if (all != nullptr) all->wait();
  }
};

Forward::Forward(std::shared_ptr<const Weights> weights, std::int64_t max_rows, Team& team,
                 std::int64_t least_shared)
    : weights_(std::move(weights)),
      config_(weights_->config()),
      team_(team),
      least_shared_(least_shared),
      row_work_(static_cast<std::int64_t>(weights_->matmul_parameter_count())),
      max_rows_(max_rows),
      logit_rows_(std::clamp<std::int64_t>(kLogitsBytes / 4 / config_.vocab_size, 1, max_rows)),
      joined_width_(config_.query_width() + 2 * config_.kv_width()),
      eps_(static_cast<float>(config_.rms_norm_eps)),
      attention_(config_, max_rows),
      stream_(to_size(max_rows * config_.hidden_size)),
      normed_(stream_.size()),
      qkv_(to_size(max_rows * joined_width_)),
      attended_(to_size(max_rows * config_.query_width())),
      gate_up_(to_size(max_rows * 2 * config_.intermediate_size)),
      inner_(to_size(max_rows * config_.intermediate_size)),
      logits_(to_size(logit_rows_ * config_.vocab_size)) {}

void Forward::reach(std::int64_t positions) {
  const auto half = to_size(config_.head_dim / 2);
  auto from = static_cast<std::int64_t>(cosines_.size() / half);
  if (positions <= from) return;
  positions = std::min(std::max(positions, 2 * from), config_.max_positions);
  const std::vector<double> frequencies = rotary_frequencies(config_);
  for (; from < positions; ++from) {
    for (double frequency : frequencies) {
      // The product in float32, as the networks were trained.
      const float angle = static_cast<float>(from) * static_cast<float>(frequency);
      cosines_.push_back(std::cos(angle));
      sines_.push_back(std::sin(angle));
    }
  }
}

std::size_t Forward::members_for(std::int64_t operations) const {
  return operations < least_shared_ ? 1 : team_.size();
}

void Forward::look_up(const Share& share, const Pass& pass) {
  const auto width = to_size(config_.hidden_size);
  const Range rows = share.own_rows();
  for (std::int64_t r = rows.begin; r < rows.end; ++r) {
    const auto row =
        weights_->embedding().subspan(to_size(pass.rows[to_size(r)].token) * width, width);
    std::copy(row.begin(), row.end(), stream_.data() + r * config_.hidden_size);
  }
}

// Leaves the whole group's rows in normed_.
void Forward::norm(const Share& share, std::span<const float> weight) {
  const std::int64_t D = config_.hidden_size;
  const Range rows = share.own_rows();
  kernels().rms_norm(stream_.data() + rows.begin * D, weight.data(), eps_, rows.size(), D,
                     normed_.data() + rows.begin * D);
  share.meet();
}

void Forward::queries_and_keys(const Share& share, const LayerWeights& layer) {
  const std::int64_t D = config_.hidden_size, first = share.rows.begin, rows = share.rows.size();
  const Range columns = share.columns(joined_width_);
  float* out = qkv_.data() + first * joined_width_ + columns.begin;
  multiply(rows, columns.size(), D, normed_.data() + first * D, D, layer.qkv.data() + columns.begin,
           joined_width_, 0, out, joined_width_);
  if (!layer.qkv_bias.empty()) {
    for (std::int64_t r = 0; r < rows; ++r) {
      kernels().add_bias(layer.qkv_bias.data() + columns.begin, 1, columns.size(),
                         out + r * joined_width_);
    }
  }
  share.meet();
}

// Of the share's heads: rotates q, in place, scaled for attention; rotates k into the pages and
// copies v.
void Forward::store_keys(const Share& share, const Pass& pass, KvPages& pages, std::int64_t layer) {
  const std::int64_t dim = config_.head_dim, group = config_.heads / config_.kv_heads;
  const Range heads = share.heads(config_.kv_heads);
  const float scale = 1.0f / std::sqrt(static_cast<float>(dim));
  float turned[1024];  // the largest head_dim
  for (std::int64_t r = share.rows.begin; r < share.rows.end; ++r) {
    const PassRow& row = pass.rows[to_size(r)];
    const float* cosines = cosines_.data() + row.position * (dim / 2);
    const float* sines = sines_.data() + row.position * (dim / 2);
    const std::int64_t slot = row.position % kPageTokens;
    float* queries = qkv_.data() + r * joined_width_;
    for (std::int64_t h = heads.begin * group; h < heads.end * group; ++h) {
      kernels().rotate(queries + h * dim, cosines, sines, dim, scale, queries + h * dim);
    }
    const float* own_keys = queries + config_.query_width();
    const float* own_values = own_keys + config_.kv_width();
    for (std::int64_t h = heads.begin; h < heads.end; ++h) {
      kernels().rotate(own_keys + h * dim, cosines, sines, dim, 1.0f, turned);
      float* keys = pages.keys(row.page, layer, h) + slot;
      for (std::int64_t d = 0; d < dim; ++d) keys[d * kPageTokens] = turned[d];
      std::copy(own_values + h * dim, own_values + (h + 1) * dim,
                pages.values(row.page, layer, h) + slot * pages.padded_dim());
    }
  }
}

// Adds the product of in [rows, width] and weight [width, D] to the stream, in the share's columns.
void Forward::add_product(const Share& share, const std::vector<float>& in, std::int64_t width,
                          const std::vector<float>& weight) {
  const std::int64_t D = config_.hidden_size, first = share.rows.begin;
  const Range columns = share.columns(D);
  multiply(share.rows.size(), columns.size(), width, in.data() + first * width, width,
           weight.data() + columns.begin, D, 1, stream_.data() + first * D + columns.begin, D);
  share.meet();
}

// A member alone has gate and up of a row side by side and multiplies them at once. Of a group each
// has a block of its own within the group's rows: [rows, 2 * its columns], gate first.
void Forward::feed_forward(const Share& share, const LayerWeights& layer) {
  const std::int64_t D = config_.hidden_size, I = config_.intermediate_size;
  const std::int64_t first = share.rows.begin, rows = share.rows.size();
  const Range columns = share.columns(I);
  const std::int64_t width = columns.size();
  norm(share, layer.feed_norm);
  const float* in = normed_.data() + first * D;
  float* block = gate_up_.data() + first * 2 * I + rows * 2 * columns.begin;
  if (share.parts == 1) {
    multiply(rows, 2 * I, D, in, D, layer.gate_up.data(), 2 * I, 0, block, 2 * I);
  } else {
    for (std::int64_t half = 0; half < 2; ++half) {
      multiply(rows, width, D, in, D, layer.gate_up.data() + half * I + columns.begin, 2 * I, 0,
               block + half * width, 2 * width);
    }
  }
  for (std::int64_t r = 0; r < rows; ++r) {
    kernels().swiglu(block + r * 2 * width, 1, width,
                     inner_.data() + (first + r) * I + columns.begin);
  }
  share.meet();
  add_product(share, inner_, I, layer.down);
}

void Forward::run(const Pass& pass, KvPages& pages, Wanted wanted) {
  const auto rows = static_cast<std::int64_t>(pass.rows.size());
  IAGO_CHECK(rows <= max_rows_, fmt::format("{} rows in buffers for {}", rows, max_rows_));
  if (rows == 0) return;
  const auto members = static_cast<std::int64_t>(members_for(rows * row_work_));
  if (members == 1) return run_share({.rows = {0, rows}}, pass, pages, wanted);
  const std::int64_t groups = groups_for(rows, members), parts = members / groups;
  Meetings meetings(groups, parts);
  team_.run(to_size(members), [&](std::size_t member) {
    const std::int64_t group = static_cast<std::int64_t>(member) / parts;
    run_share({.rows = range_of(rows, group, groups),
               .part = static_cast<std::int64_t>(member) % parts,
               .parts = parts,
               .group = &meetings.group[to_size(group)],
               .all = groups > 1 ? &meetings.all : nullptr},
              pass, pages, wanted);
  });
}

void Forward::run_share(const Share& share, const Pass& pass, KvPages& pages, Wanted wanted) {
  const std::vector<AttentionJob> jobs = jobs_within(pass.jobs, share.rows);
  const Range heads = share.heads(config_.kv_heads);
  const Attention::Part seen{jobs, share.rows.begin, share.rows.end, heads.begin, heads.end};
  look_up(share, pass);
  for (std::int64_t i = 0; i < config_.layers; ++i) {
    const LayerWeights& layer = weights_->layer(i);
    norm(share, layer.input_norm);
    queries_and_keys(share, layer);
    store_keys(share, pass, pages, i);
    // Nothing reads what the last layer makes of a prompt but its keys.
    if (wanted == Wanted::keys && i + 1 == config_.layers) return;
    share.meet_all();
    attention_.run(seen, pages, i, qkv_.data(), joined_width_, attended_.data());
    share.meet();
    add_product(share, attended_, config_.query_width(), layer.output);
    feed_forward(share, layer);
  }
  norm(share, weights_->final_norm());
}

std::span<const float> Forward::logits(std::int64_t begin, std::int64_t end) {
  const std::int64_t D = config_.hidden_size, V = config_.vocab_size, rows = end - begin;
  IAGO_CHECK(rows <= logit_rows_, fmt::format("{} rows, at most {}", rows, logit_rows_));
  const float* hidden = normed_.data() + begin * D;
  const auto members = members_for(rows * D * V);
  team_.run(members, [&](std::size_t member) {
    const auto [first, last] = range_of(V, static_cast<std::int64_t>(member),
                                        static_cast<std::int64_t>(members), kColumns);
    if (!weights_->head().empty()) {
      multiply(rows, last - first, D, hidden, D, weights_->head().data() + first, V, 0,
               logits_.data() + first, V);
    } else if (last > first) {
      gemm_transposed(rows, last - first, D, hidden, D, weights_->embedding().data() + first * D, D,
                      0, logits_.data() + first, V);
    }
  });
  return std::span(logits_).first(to_size(rows * V));
}

}  // namespace iago
