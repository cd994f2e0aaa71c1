#include <algorithm>
#include <cmath>
#include <limits>

#include "nn/internal/fused.h"

namespace iago::composite {
namespace {

at::Tensor index_tensor(std::span<const std::int64_t> values, const at::Device& device) {
  at::Tensor index = at::empty({static_cast<std::int64_t>(values.size())}, at::kLong);
  std::copy(values.begin(), values.end(), index.data_ptr<std::int64_t>());
  return index.to(device);
}

// The forest as a padded batch of its trees: dense attention needs rectangles.
struct Rectangle {
  at::Tensor gather;   // [B * T] row of the forest at each place, 0 where padded
  at::Tensor scatter;  // [N] place of each row
  at::Tensor hidden;   // [B, 1, T, T] true where attention is not allowed
  std::int64_t trees = 0, longest = 0;
};

Rectangle rectangle(const TokenForest& forest, const at::Device& device) {
  std::vector<std::int64_t> starts;
  for (const auto& span : forest.spans) {
    if (span.ancestors.empty()) starts.push_back(span.own.begin);
  }
  Rectangle out;
  out.trees = static_cast<std::int64_t>(starts.size());
  starts.push_back(static_cast<std::int64_t>(forest.tokens.size()));
  for (std::int64_t b = 0; b < out.trees; ++b) {
    out.longest = std::max(out.longest, starts[b + 1] - starts[b]);
  }
  const std::int64_t T = out.longest;
  std::vector<std::int64_t> gather(out.trees * T, 0), scatter(forest.tokens.size());
  for (std::int64_t b = 0; b < out.trees; ++b) {
    for (std::int64_t row = starts[b]; row < starts[b + 1]; ++row) {
      scatter[row] = b * T + row - starts[b];
      gather[scatter[row]] = row;
    }
  }
  at::Tensor hidden = at::ones({out.trees, 1, T, T}, at::kBool);
  bool* allowed = hidden.data_ptr<bool>();
  for (const auto& span : forest.spans) {
    for (std::int64_t row = span.own.begin; row < span.own.end; ++row) {
      const std::int64_t tree = scatter[row] / T;
      bool* line = allowed + scatter[row] * T;
      const auto show = [&](std::int64_t begin, std::int64_t end) {
        std::fill(line + begin - starts[tree], line + end - starts[tree], false);
      };
      for (const auto& range : span.ancestors) show(range.begin, range.end);
      show(span.own.begin, row + 1);
    }
  }
  // Every token of a tree sees the root's first one; letting padding see it too keeps its softmax
  // finite. Nobody reads what comes out there.
  hidden.select(3, 0).fill_(false);
  out.hidden = hidden.to(device);
  out.gather = index_tensor(gather, device);
  out.scatter = index_tensor(scatter, device);
  return out;
}

// [N, heads * width] -> [N, heads, width], turned by position.
at::Tensor rotated(const at::Tensor& x, std::int64_t heads, const TreePass& pass) {
  const std::int64_t width = pass.shape.head_width, half = width / 2;
  std::vector<std::int64_t> positions(pass.forest.positions.begin(), pass.forest.positions.end());
  const at::Tensor index = index_tensor(positions, x.device());
  const auto table = [&](const std::vector<float>& values) {
    at::Tensor t = at::empty({static_cast<std::int64_t>(values.size()) / half, half}, at::kFloat);
    std::copy(values.begin(), values.end(), t.data_ptr<float>());
    return t.to(x.device()).index_select(0, index).unsqueeze(1);
  };
  const at::Tensor c = table(pass.cosines), s = table(pass.sines);
  const at::Tensor heads_of_x = x.reshape({x.size(0), heads, width});
  const at::Tensor a = heads_of_x.narrow(2, 0, half), b = heads_of_x.narrow(2, half, half);
  return at::cat({a * c - b * s, b * c + a * s}, 2);
}

}  // namespace

at::Tensor gather_rows(const at::Tensor& table, std::span<const std::int64_t> index) {
  return table.index_select(0, index_tensor(index, table.device()));
}

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& w, double epsilon) {
  return x * at::rsqrt((x * x).mean(-1, true) + epsilon) * w;
}

at::Tensor attention(const at::Tensor& x, const AttentionWeights& weights, const TreePass& pass) {
  const AttentionShape& shape = pass.shape;
  at::Tensor joined = x.matmul(weights.qkv.t());
  if (weights.bias.numel() > 0) joined = joined + weights.bias;
  const std::int64_t qw = shape.query_width(), kw = shape.kv_width();
  const at::Tensor q = rotated(joined.narrow(1, 0, qw), shape.heads, pass);
  const at::Tensor k = rotated(joined.narrow(1, qw, kw), shape.kv_heads, pass);
  const at::Tensor v =
      joined.narrow(1, qw + kw, kw).reshape({x.size(0), shape.kv_heads, shape.head_width});
  const Rectangle box = rectangle(pass.forest, x.device());
  const auto batched = [&](const at::Tensor& t, std::int64_t heads) {
    const at::Tensor padded = t.index_select(0, box.gather)
                                  .reshape({box.trees, box.longest, heads, shape.head_width})
                                  .transpose(1, 2);
    return heads == shape.heads ? padded : padded.repeat_interleave(shape.heads / heads, 1);
  };
  const at::Tensor scores =
      at::matmul(batched(q, shape.heads), batched(k, shape.kv_heads).transpose(2, 3)) /
      std::sqrt(static_cast<double>(shape.head_width));
  const at::Tensor p =
      at::softmax(scores.masked_fill(box.hidden, -std::numeric_limits<float>::infinity()), -1);
  const at::Tensor out = at::matmul(p, batched(v, shape.kv_heads))
                             .transpose(1, 2)
                             .reshape({box.trees * box.longest, qw})
                             .index_select(0, box.scatter);
  return out.matmul(weights.o.t());
}

at::Tensor mlp(const at::Tensor& x, const at::Tensor& gate_up, const at::Tensor& down) {
  const std::int64_t inner = down.size(1);
  const at::Tensor joined = x.matmul(gate_up.t());
  return (at::silu(joined.narrow(1, 0, inner)) * joined.narrow(1, inner, inner)).matmul(down.t());
}

at::Tensor cross_entropy(const at::Tensor& x, const at::Tensor& head,
                         std::span<const TokenForest::Target> targets, double scale,
                         double* weighted_loss) {
  std::vector<std::int64_t> tokens;
  at::Tensor weights = at::empty({static_cast<std::int64_t>(targets.size())}, at::kFloat);
  for (std::size_t i = 0; i < targets.size(); ++i) {
    tokens.push_back(targets[i].token);
    weights.data_ptr<float>()[i] = targets[i].weight;
  }
  const at::Tensor log_p = at::log_softmax(x.matmul(head.t()), -1);
  const at::Tensor chosen =
      log_p.gather(1, index_tensor(tokens, x.device()).unsqueeze(1)).squeeze(1);
  const at::Tensor sum = -(chosen * weights.to(x.device())).sum();
  if (weighted_loss != nullptr) *weighted_loss = sum.item<double>();
  return sum * scale;
}

namespace {

// Rows of logits that exist at a time.
constexpr std::int64_t kCompositeRows = 4096;

at::Tensor float_tensor(std::span<const float> values, const at::Device& device) {
  at::Tensor out = at::empty({static_cast<std::int64_t>(values.size())}, at::kFloat);
  std::copy(values.begin(), values.end(), out.data_ptr<float>());
  return out.to(device);
}

// Some rows of both log-softmaxes, the policy's divergence in each, and the tokens [n, 1].
struct LogitPart {
  LogitPart(const PolicyHeads& heads, std::int64_t begin_in)
      : begin(begin_in), n(std::min(kCompositeRows, heads.x.size(0) - begin_in)) {
    x = heads.x.narrow(0, begin, n);
    log_p = at::log_softmax(x.matmul(heads.head.t()), -1);
    const at::Tensor log_q =
        at::log_softmax(heads.reference_x.narrow(0, begin, n).matmul(heads.reference_head.t()), -1);
    p = log_p.exp();
    excess = log_p - log_q;
    divergence = (p * excess).sum(-1);
    std::vector<std::int64_t> ids;
    for (const auto& target :
         heads.targets.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(n))) {
      ids.push_back(target.token);
    }
    tokens = index_tensor(ids, x.device()).unsqueeze(1);
  }

  std::int64_t begin, n;
  at::Tensor x, p, log_p, excess, divergence, tokens;
};

void append(std::vector<float>& out, const at::Tensor& values) {
  const at::Tensor here = values.contiguous().cpu();
  out.insert(out.end(), here.data_ptr<float>(), here.data_ptr<float>() + here.numel());
}

}  // namespace

PolicyRows policy_rows(const PolicyHeads& heads) {
  PolicyRows out;
  for (std::int64_t begin = 0; begin < heads.x.size(0); begin += kCompositeRows) {
    const LogitPart part(heads, begin);
    append(out.log_p, part.log_p.gather(1, part.tokens).squeeze(1));
    append(out.divergence, part.divergence);
    append(out.entropy, -(part.p * part.log_p).sum(-1));
  }
  return out;
}

at::Tensor policy_gradient(const PolicyHeads& heads, const PolicyWeights& weights,
                           at::Tensor d_head) {
  const at::Tensor scores = float_tensor(weights.score, heads.x.device()).unsqueeze(1);
  const at::Tensor pulls = float_tensor(weights.divergence, heads.x.device()).unsqueeze(1);
  std::vector<at::Tensor> dx;
  for (std::int64_t begin = 0; begin < heads.x.size(0); begin += kCompositeRows) {
    const LogitPart part(heads, begin);
    const at::Tensor score = scores.narrow(0, part.begin, part.n);
    const at::Tensor pull = pulls.narrow(0, part.begin, part.n);
    at::Tensor d = part.p * (pull * (part.excess - part.divergence.unsqueeze(1)) - score);
    d.scatter_add_(1, part.tokens, score);
    dx.push_back(d.matmul(heads.head));
    d_head.add_(d.t().matmul(part.x));
  }
  return at::cat(dx, 0);
}

}  // namespace iago::composite
