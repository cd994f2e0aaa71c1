// The softmax of a row over keys that come in several jobs. For each (row, head) three things are
// kept: the highest score m so far, the sum l of exp(score - m), and the sum o of exp(score - m) *
// value. When a job brings a higher score m', both sums are multiplied with exp(m - m') before the
// new terms are added; at the end the output is o / l. So jobs may come in any order, and a row's
// keys are read once. (Milakov and Gimelshein, 2018, arXiv:1805.02867; Dao et al., 2022,
// arXiv:2205.14135.)
//
// A job is done in blocks of up to eight queries. For each block the keys are walked through in
// chunks of eight pages: score the chunk, turn scores into weights, add the weighted values. The
// scores of a chunk, 8 queries x 128 keys, are all that is written to memory on the way, and they
// stay in the first-level cache. The counts of queries and pages are template parameters, so that
// the sums of the inner loops live in registers.
//
// A job's keys may begin and end within a page, and a page is always scored whole. What a slot
// outside holds is finite (kv_pages.h), so its score is harmless and its weight is set to 0.
#include "lm/internal/attend.h"
#include "lm/internal/lanes.h"

namespace iago::IAGO_LEVEL {
namespace {

using lanes::Ints;
using lanes::kLanes;
using lanes::Lanes;

static_assert(kPageTokens == kLanes, "a page's tokens are scored at once");

constexpr int kMaxQueries = 8;
constexpr std::int64_t kChunkPages = 8;  // scored before their values are added
constexpr float kNothing = -1e30f;       // below every score; finite, so that differences are

// Where the keys of a job and the queries of one key/value head lie.
struct View {
  const float* keys;  // of page 0
  const PageId* pages;
  const float* queries;  // of row 0 and the group's first head
  std::int64_t first_head;
};

// Up to eight queries: pairs of a row and a head of the group.
struct Block {
  const float* query[kMaxQueries];
  std::int64_t state[kMaxQueries];       // row * heads + head
  std::int64_t begin, end[kMaxQueries];  // slots seen, counted from the first page's first slot
  std::int64_t last_end;                 // the highest of `end`
};

std::int64_t lesser(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

// scores[(q * kChunkPages + p) * kLanes + slot] of kPages pages from `page` on. Keys lie with the
// tokens of a page side by side, so that one number of a query meets sixteen keys.
template <int kQueries, int kPages>
void score(const AttentionPass& pass, const Block& block, const View& view, std::int64_t page,
           float* scores) {
  const float* keys[kPages];
  for (int p = 0; p < kPages; ++p) keys[p] = view.keys + view.pages[page + p] * pass.page_stride;
  Lanes total[kQueries][kPages] = {};
  for (std::int64_t d = 0; d < pass.head_dim; ++d) {
    Lanes key[kPages];
    for (int p = 0; p < kPages; ++p) {
      key[p] = lanes::load(keys[p] + d * kLanes);
      __builtin_prefetch(keys[p] + pass.value_offset + d * kLanes);  // wanted next
    }
    for (int q = 0; q < kQueries; ++q) {
      for (int p = 0; p < kPages; ++p) total[q][p] += key[p] * block.query[q][d];
    }
  }
  for (int q = 0; q < kQueries; ++q) {
    for (int p = 0; p < kPages; ++p) {
      lanes::store(scores + (q * kChunkPages + p) * kLanes, total[q][p]);
    }
  }
}

// Adds the weighted values of pages [page_begin, page_end) to kVectors * 16 numbers of each query's
// total, from `column` on.
template <int kQueries, int kVectors>
void add_values(const AttentionPass& pass, const Block& block, const View& view,
                std::int64_t page_begin, std::int64_t page_end, std::int64_t column,
                const float* weights) {
  // Two sums for few queries, so that additions need not wait for each other.
  constexpr int kSums = kQueries * kVectors <= 4 ? 2 : 1;
  Lanes total[kSums][kQueries][kVectors] = {};
  for (std::int64_t page = page_begin; page < page_end; ++page) {
    const float* values =
        view.keys + view.pages[page] * pass.page_stride + pass.value_offset + column;
    const float* weight = weights + (page - page_begin) * kLanes;
    const std::int64_t from = page * kLanes < block.begin ? block.begin - page * kLanes : 0;
    const std::int64_t to = lesser(kLanes, block.last_end - page * kLanes);
    auto add = [&](int s, std::int64_t j) __attribute__((always_inline)) {
      for (int v = 0; v < kVectors; ++v) {
        const Lanes value = lanes::load(values + j * pass.padded_dim + v * kLanes);
        __builtin_prefetch(values + (kLanes + j) * pass.padded_dim +
                           v * kLanes);  // next head's keys
        for (int q = 0; q < kQueries; ++q) {
          total[s][q][v] += value * weight[q * kChunkPages * kLanes + j];
        }
      }
    };
    std::int64_t j = from;
    for (; j + kSums <= to; j += kSums) {
      for (int s = 0; s < kSums; ++s) add(s, j + s);
    }
    for (; j < to; ++j) add(0, j);
  }
  for (int q = 0; q < kQueries; ++q) {
    for (int v = 0; v < kVectors; ++v) {
      float* out = pass.total + block.state[q] * pass.padded_dim + column + v * kLanes;
      Lanes value = total[0][q][v];
      for (int s = 1; s < kSums; ++s) value += total[s][q][v];
      lanes::store(out, lanes::load(out) + value);
    }
  }
}

// Turns the scores of one query into weights under a new maximum. Slots outside [begin, end) get
// weight 0. Returns what the old sums have to be multiplied with.
float to_weights(float* scores, std::int64_t first_slot, std::int64_t pages, std::int64_t begin,
                 std::int64_t end, float& highest, float& sum) {
  Lanes top = lanes::all(kNothing);
  for (std::int64_t p = 0; p < pages; ++p) {
    const auto slot = static_cast<std::int32_t>(first_slot + p * kLanes);
    Lanes score = lanes::load(scores + p * kLanes);
    if (slot < begin || slot + kLanes > end) {
      const Ints slots = lanes::counting() + slot;
      const Ints seen =
          (slots >= static_cast<std::int32_t>(begin)) & (slots < static_cast<std::int32_t>(end));
      score = seen ? score : lanes::all(2 * kNothing);
      lanes::store(scores + p * kLanes, score);
    }
    top = lanes::larger(score, top);
  }
  const float old = highest;
  const float found = lanes::highest(top);
  highest = found > old ? found : old;
  Lanes added{};
  for (std::int64_t p = 0; p < pages; ++p) {
    const Lanes score = lanes::load(scores + p * kLanes);
    const Lanes weight = score > kNothing ? lanes::exp(score - highest) : Lanes{};
    lanes::store(scores + p * kLanes, weight);
    added += weight;
  }
  const float correction = old == highest ? 1.0f : lanes::exp(lanes::all(old - highest))[0];
  sum = sum * correction + lanes::sum(added);
  return correction;
}

template <int kQueries>
void attend_block(const AttentionPass& pass, const Block& block, const View& view) {
  alignas(64) float scores[kQueries * kChunkPages * kLanes];
  const std::int64_t pages = (block.last_end + kLanes - 1) / kLanes;
  // At most sixteen sums at a time, so that they and the keys fit into the registers.
  constexpr int kTogether = kQueries == 8 ? 2 : 4;
  for (std::int64_t begin = 0; begin < pages; begin += kChunkPages) {
    const std::int64_t end = lesser(begin + kChunkPages, pages);
    std::int64_t page = begin;
    for (; page + kTogether <= end; page += kTogether) {
      score<kQueries, kTogether>(pass, block, view, page, scores + (page - begin) * kLanes);
    }
    float* rest = scores + (page - begin) * kLanes;
    if (end - page == 3) score<kQueries, kQueries == 8 ? 1 : 3>(pass, block, view, page, rest);
    if (end - page == 2) score<kQueries, kQueries == 8 ? 1 : 2>(pass, block, view, page, rest);
    if (end - page == 1) score<kQueries, 1>(pass, block, view, page, rest);
    for (int q = 0; q < kQueries; ++q) {
      const std::int64_t state = block.state[q];
      const float correction =
          to_weights(scores + q * kChunkPages * kLanes, begin * kLanes, end - begin, block.begin,
                     block.end[q], pass.highest[state], pass.sum[state]);
      if (correction == 1.0f) continue;
      float* total = pass.total + block.state[q] * pass.padded_dim;
      for (std::int64_t d = 0; d < pass.padded_dim; ++d) total[d] *= correction;
    }
    std::int64_t column = 0;
    for (; column + 2 * kLanes <= pass.padded_dim; column += 2 * kLanes) {
      add_values<kQueries, 2>(pass, block, view, begin, end, column, scores);
    }
    if (column < pass.padded_dim)
      add_values<kQueries, 1>(pass, block, view, begin, end, column, scores);
  }
}

void attend_head(const AttentionPass& pass, const AttentionJob& job, const View& view) {
  const std::int64_t group = pass.heads / pass.kv_heads;
  const std::int64_t queries = (job.row_end - job.row_begin) * group;
  for (std::int64_t done = 0; done < queries;) {
    const std::int64_t left = queries - done;
    const int count = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    Block block;
    block.begin = job.first;
    for (int q = 0; q < count; ++q) {
      const std::int64_t index = done + q;
      const std::int64_t row = job.row_begin + index / group, head = index % group;
      block.query[q] = view.queries + row * pass.query_stride + head * pass.head_dim;
      block.state[q] = row * pass.heads + view.first_head + head;
      block.end[q] = job.first + job.keys + (job.causal == Causal::yes ? index / group : 0);
    }
    // Queries are in the order of rows, and no row sees less than the one before.
    block.last_end = block.end[count - 1];
    switch (count) {
      case 8:
        attend_block<8>(pass, block, view);
        break;
      case 4:
        attend_block<4>(pass, block, view);
        break;
      case 2:
        attend_block<2>(pass, block, view);
        break;
      default:
        attend_block<1>(pass, block, view);
        break;
    }
    done += count;
  }
}

}  // namespace

namespace {

// Calls with the state, row * heads + head, of each row and head of the pass.
template <typename Call>
void each_state(const AttentionPass& pass, Call&& call) {
  const std::int64_t group = pass.heads / pass.kv_heads;
  for (std::int64_t row = pass.row_begin; row < pass.row_end; ++row) {
    const std::int64_t first = row * pass.heads;
    for (std::int64_t head = pass.kv_head_begin * group; head < pass.kv_head_end * group; ++head) {
      call(first + head);
    }
  }
}

}  // namespace

void attend(const AttentionPass& pass) {
  const std::int64_t group = pass.heads / pass.kv_heads;
  each_state(pass, [&](std::int64_t state) {
    pass.highest[state] = kNothing;
    pass.sum[state] = 0;
    float* total = pass.total + state * pass.padded_dim;
    for (std::int64_t d = 0; d < pass.padded_dim; ++d) total[d] = 0;
  });
  for (const AttentionJob* job = pass.jobs; job != pass.jobs + pass.job_count; ++job) {
    for (std::int64_t head = pass.kv_head_begin; head < pass.kv_head_end; ++head) {
      attend_head(pass, *job,
                  View{.keys = pass.keys + head * pass.head_stride,
                       .pages = job->pages,
                       .queries = pass.queries + head * group * pass.head_dim,
                       .first_head = head * group});
    }
  }
  each_state(pass, [&](std::int64_t state) {
    const float* total = pass.total + state * pass.padded_dim;
    const float scale = 1.0f / pass.sum[state];
    float* to = pass.out + state * pass.head_dim;
    for (std::int64_t d = 0; d < pass.head_dim; ++d) to[d] = total[d] * scale;
  });
}

}  // namespace iago::IAGO_LEVEL
