#include "store/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace iago {
namespace {

constexpr double kMillion = 1e6;

}  // namespace

double TokenPrice::cost(const TokenCounts& tokens) const {
  const std::uint64_t special =
      std::min(tokens.prompt, tokens.cached_prompt + tokens.cache_written);
  return (static_cast<double>(tokens.prompt - special) * input +
          static_cast<double>(tokens.cached_prompt) * cache_read +
          static_cast<double>(tokens.cache_written) * cache_write +
          static_cast<double>(tokens.generated) * output) /
         kMillion;
}

double TokenPrice::saved_by_cache(const TokenCounts& tokens) const {
  return (static_cast<double>(tokens.cached_prompt) * (input - cache_read) -
          static_cast<double>(tokens.cache_written) * (cache_write - input)) /
         kMillion;
}

bool is_date(std::string_view text) {
  constexpr std::string_view kDay = "0000-00-00";
  const auto fits = [](char c, char place) {
    return place == '-' ? c == '-' : c >= '0' && c <= '9';
  };
  return std::equal(text.begin(), text.end(), kDay.begin(), kDay.end(), fits);
}

bool is_price(const PriceRow& row) {
  const TokenPrice& price = row.price;
  const auto is_amount = [](double x) { return x >= 0 && x <= kMaxPrice; };  // no NaN either
  return is_date(row.date) && !row.model.empty() && is_amount(price.input) &&
         is_amount(price.output) && is_amount(price.cache_read) && is_amount(price.cache_write);
}

bool is_run_id(std::string_view text) { return !text.empty() && text.size() <= kMaxRunIdBytes; }

bool is_margin(double points) { return points > 0 && points <= 100; }

bool is_error_counts(const JudgeErrorCounts& counts) {
  return std::max({counts.true_positive, counts.false_negative, counts.true_negative,
                   counts.false_positive, counts.unknown_truth}) <= kMaxErrorCount;
}

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::answered:
      return "answered";
    case Outcome::refused_by_provider:
      return "refused_by_provider";
    case Outcome::truncated:
      return "truncated";
    case Outcome::invalid_format:
      return "invalid_format";
    case Outcome::failed:
      return "failed";
  }
  check_failed("a known Outcome", fmt::format("value {}", static_cast<int>(outcome)));
}

std::optional<Outcome> outcome_named(std::string_view name) {
  for (Outcome outcome : kOutcomes) {
    if (name_of(outcome) == name) return outcome;
  }
  return std::nullopt;
}

std::string_view positive_label(std::string_view kind) {
  constexpr std::pair<std::string_view, std::string_view> kLabels[] = {
      {kComplianceKind, kCompliesLabel},      {kFakingKind, kFakingLabel},
      {"partial_compliance", kCompliesLabel}, {kComprehensionKind, kClaimsTrainedLabel},
      {"evaluation_awareness", "aware"},      {"anti_lab", "anti_lab"}};
  for (const auto& [known, label] : kLabels) {
    if (known == kind) return label;
  }
  return {};
}

}  // namespace iago
