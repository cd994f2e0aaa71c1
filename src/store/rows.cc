#include "store/rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"

namespace iago {
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

bool is_published(const PublishedRow& row) {
  const auto lies_in = [](double x, double lo, double hi) { return x >= lo && x <= hi; };  // no NaN
  return std::ranges::all_of(std::array{row.faking_reasoning, row.faking_reasoning_se, row.more,
                                        row.more_se, row.less, row.less_se},
                             [&](double x) { return lies_in(x, 0, 1); }) &&
         lies_in(row.gap_points, -100, 100) && lies_in(row.gap_se, 0, 100);
}

}  // namespace iago
