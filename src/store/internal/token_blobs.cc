#include "store/internal/token_blobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace iago {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written as they lie");

template <typename Number>
std::string bytes_of(std::span<const Number> numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size_bytes()};
}

template <typename Number>
std::vector<Number> numbers_in(std::string_view bytes) {
  std::vector<Number> numbers(bytes.size() / sizeof(Number));
  if (numbers.empty()) return numbers;  // of nothing, memcpy may be given no address
  std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(Number));
  return numbers;
}

bool all_finite(const std::vector<float>& numbers) {
  return std::ranges::all_of(numbers, [](float number) { return std::isfinite(number); });
}

}  // namespace

TokenBlobs token_blobs(const CompletionRow& row) {
  const std::size_t texts = row.token_texts.size();
  IAGO_CHECK(texts == 0 || texts == row.token_logprobs.size(),
             fmt::format("{} texts of {} tokens", texts, row.token_logprobs.size()));
  TokenBlobs blobs{.logprobs = bytes_of<float>(row.token_logprobs), .sizes = {}, .texts = {}};
  std::vector<std::uint32_t> sizes;
  for (const std::string& text : row.token_texts) {
    sizes.push_back(static_cast<std::uint32_t>(text.size()));
    blobs.texts += text;
  }
  blobs.sizes = bytes_of<std::uint32_t>(sizes);
  return blobs;
}

std::optional<double> logprob_sum(const CompletionRow& row) {
  if (row.token_logprobs.empty()) return std::nullopt;
  if (!all_finite(row.token_logprobs)) {
    throw Error(ErrorCode::invalid,
                fmt::format("trial {}: log-probabilities are expected to be finite", row.trial));
  }
  return std::accumulate(row.token_logprobs.begin(), row.token_logprobs.end(), 0.0);
}

void read_token_blobs(const Statement& row, int first, const Database& database,
                      CompletionRow& completion) {
  const std::string_view logprobs = row.view(first);
  completion.token_logprobs = numbers_in<float>(logprobs);
  const std::string_view sizes = row.view(first + 1);
  const auto lengths = numbers_in<std::uint32_t>(sizes);
  std::string_view texts = row.view(first + 2);
  const bool has_texts = !lengths.empty();
  const auto total = std::accumulate(lengths.begin(), lengths.end(), std::uint64_t{0});
  const std::size_t count = completion.token_logprobs.size();
  const bool fits = count > 0 && logprobs.size() == count * sizeof(float) &&
                    sizes.size() == (has_texts ? count * sizeof(std::uint32_t) : 0) &&
                    total == texts.size() && all_finite(completion.token_logprobs);
  if (!fits) {
    throw Error(ErrorCode::corrupt,
                fmt::format("{}: the log-probabilities of trial {} are damaged: {} bytes of "
                            "numbers, {} of sizes and {} of texts do not fit each other",
                            database.path().string(), completion.trial, logprobs.size(),
                            sizes.size(), texts.size()),
                "restore the file from a copy");
  }
  for (const std::uint32_t length : lengths) {
    completion.token_texts.emplace_back(texts.substr(0, length));
    texts.remove_prefix(length);
  }
}

}  // namespace iago
