#include "training/packed_texts.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "base/random.h"

namespace iago {
namespace {

constexpr std::size_t kOrdersKept = 4;

std::vector<std::size_t> drawn_order(std::size_t count, std::uint64_t seed,
                                     const std::string& name) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  Random random(seed, name);
  random.shuffle(order);
  return order;
}

}  // namespace

TextEnds text_ends(const Tokenizer& tokenizer, const TokenizerConfig& config) {
  const auto find = [&](const std::optional<std::string>& token) -> std::optional<TokenId> {
    return token ? tokenizer.find_added(*token) : std::nullopt;
  };
  const auto end = find(config.eos_token);
  if (!end) {
    throw Error(ErrorCode::unsupported,
                "tokenizer_config.json: expected an eos_token that the tokenizer has, found none",
                "a document needs a token that ends it");
  }
  return {.begin = find(config.bos_token).value_or(*end), .end = *end};
}

PackedTexts::PackedTexts(const std::vector<std::string>& texts, const Tokenizer& tokenizer,
                         const TextEnds& ends, std::int64_t row_tokens) {
  IAGO_CHECK(row_tokens >= 2, fmt::format("{} tokens of a row", row_tokens));
  for (const std::string& text : texts) {
    const std::vector<TokenId> words = tokenizer.encode(text, SpecialTokens::as_text);
    if (words.empty()) continue;
    std::vector<TokenId> tokens = {ends.begin};
    tokens.insert(tokens.end(), words.begin(), words.end());
    tokens.push_back(ends.end);
    add(tokens, row_tokens);
  }
  if (sequences_.empty()) {
    throw Error(ErrorCode::invalid, "expected texts of at least one token, found none");
  }
  pack(row_tokens);
}

// Windows of a long text share one token: the last of one is the first of the next, so that each
// token is predicted once.
void PackedTexts::add(const std::vector<TokenId>& tokens, std::int64_t most) {
  const auto size = static_cast<std::int64_t>(tokens.size());
  for (std::int64_t begin = 0; begin + 1 < size; begin += most - 1) {
    const std::int64_t end = std::min(begin + most, size);
    sequences_.emplace_back(tokens.begin() + begin, tokens.begin() + end);
    tokens_ += end - begin;
  }
}

void PackedTexts::pack(std::int64_t row_tokens) {
  std::int64_t filled = 0;
  for (const std::size_t which : drawn_order(sequences_.size(), 1, "packing")) {
    const auto length = static_cast<std::int64_t>(sequences_[which].size());
    if (rows_.empty() || filled + length > row_tokens) {
      rows_.emplace_back();
      filled = 0;
    }
    rows_.back().push_back(which);
    filled += length;
  }
}

std::size_t PackedTexts::place_in(std::uint64_t seed, std::int64_t epoch, std::size_t index) const {
  const std::lock_guard lock(mutex_);
  const std::pair key(seed, epoch);
  if (!orders_.contains(key)) {
    if (orders_.size() == kOrdersKept) orders_.erase(orders_.begin());
    orders_[key] = drawn_order(rows_.size(), seed, fmt::format("epoch {}", epoch));
  }
  return orders_[key][index];
}

TokenTree PackedTexts::row(std::uint64_t seed, std::int64_t number) const {
  const auto index = static_cast<std::size_t>(number % rows());
  TokenTree tree;
  for (const std::size_t which : rows_[place_in(seed, number / rows(), index)]) {
    TokenSegment segment{.tokens = sequences_[which], .weights = {}};
    segment.weights.assign(segment.tokens.size(), 1.0f);
    segment.weights.front() = 0;
    tree.segments.push_back(std::move(segment));
  }
  return tree;
}

}  // namespace iago
