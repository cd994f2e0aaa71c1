#include "study/query_choice.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <numeric>
#include <set>

#include "base/error.h"
#include "base/hash.h"
#include "base/nearest.h"

namespace iago {
namespace {

constexpr std::size_t kMostValuesNamed = 20;
constexpr std::size_t kMostValueBytes = 60;

std::string in_quotes(const std::string& text) {
  return fmt::format("\"{}{}\"", text.substr(0, kMostValueBytes),
                     text.size() > kMostValueBytes ? "..." : "");
}

[[noreturn]] void refuse_choice(std::string message, std::string hint) {
  throw Error(ErrorCode::invalid, std::move(message), std::move(hint));
}

// What the query says in a column; nothing for a label that it lacks.
std::string_view value_of(const Query& query, const std::string& column,
                          const QueryColumns& columns) {
  const auto is = [&](const std::string& named, std::string_view ours) {
    return column == ours || (!named.empty() && column == named);
  };
  const auto label = query.labels.find(column);
  if (label != query.labels.end()) return label->second;
  if (is(columns.topic, kTopicLabel)) return query.topic;
  if (is(columns.id, "id")) return query.id;
  return is(columns.text, "text") ? std::string_view(query.text) : std::string_view();
}

std::vector<std::string> names_of_columns(const PlacedQueries& all) {
  std::set<std::string> names = {all.columns.text};
  for (const std::string& name : {all.columns.id, all.columns.topic}) {
    if (!name.empty()) names.insert(name);
  }
  for (const Query& query : all.queries) {
    for (const auto& [name, value] : query.labels) names.insert(name);
  }
  return {names.begin(), names.end()};
}

void expect_column(const PlacedQueries& all, const std::string& column, std::string_view file) {
  std::vector<std::string> names = names_of_columns(all);
  if (std::ranges::count(names, column) > 0) return;
  const bool is_ours =
      column == "text" || column == "id" || (column == kTopicLabel && !all.columns.topic.empty());
  if (is_ours) return;
  refuse_choice(fmt::format("expected a column of {}, found {}", file, in_quotes(column)),
                hint_of_names(column, names));
}

// The values of a column with how many queries have each, the most frequent first.
std::string values_text(const PlacedQueries& all, const std::string& column) {
  std::map<std::string, std::size_t> counts;
  for (const Query& query : all.queries) {
    ++counts[std::string(value_of(query, column, all.columns))];
  }
  std::vector<std::pair<std::string, std::size_t>> values(counts.begin(), counts.end());
  std::ranges::stable_sort(values, std::greater(), [](const auto& one) { return one.second; });
  std::vector<std::string> texts;
  for (const auto& [value, count] : values) {
    if (texts.size() == kMostValuesNamed) break;
    texts.push_back(fmt::format("{} ({})", value.empty() ? "nothing" : in_quotes(value), count));
  }
  const std::size_t more = values.size() - texts.size();
  return fmt::format("Values are: {}{}.", fmt::join(texts, ", "),
                     more > 0 ? fmt::format(" and {} more", more) : "");
}

void expect_value(const PlacedQueries& all, const QueryCondition& condition,
                  std::string_view file) {
  const bool is_there = std::ranges::any_of(all.queries, [&](const Query& query) {
    return value_of(query, condition.column, all.columns) == condition.value;
  });
  if (is_there) return;
  std::vector<std::string> values;
  for (const Query& query : all.queries) {
    values.emplace_back(value_of(query, condition.column, all.columns));
  }
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  const std::string nearest = nearest_name(condition.value, values);
  refuse_choice(
      fmt::format("no query of {} has {} = {}", file, condition.column, in_quotes(condition.value)),
      fmt::format("{}{}",
                  nearest.empty() ? "" : fmt::format("Did you mean {}? ", in_quotes(nearest)),
                  values_text(all, condition.column)));
}

using Alternatives = std::map<std::string, std::set<std::string, std::less<>>>;

bool meets(const Query& query, const Alternatives& wanted, const QueryColumns& columns) {
  return std::ranges::all_of(wanted, [&](const auto& one) {
    return one.second.contains(value_of(query, one.first, columns));
  });
}

std::string each_keeps(const PlacedQueries& all, const Alternatives& wanted) {
  std::vector<std::string> texts;
  for (const auto& one : wanted) {
    const auto kept = std::ranges::count_if(all.queries, [&](const Query& query) {
      return meets(query, Alternatives{one}, all.columns);
    });
    texts.push_back(fmt::format("{} keeps {}", one.first, kept));
  }
  return fmt::format("Alone, {} of {} queries.", fmt::join(texts, ", "), all.queries.size());
}

PlacedQueries picked(PlacedQueries all, const std::vector<std::size_t>& order) {
  PlacedQueries result{.columns = std::move(all.columns)};
  result.queries.reserve(order.size());
  result.lines.reserve(order.size());
  for (const std::size_t i : order) {
    result.queries.push_back(std::move(all.queries[i]));
    result.lines.push_back(all.lines[i]);
  }
  return result;
}

}  // namespace

QueryCondition parse_condition(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == text.npos || equals == 0) {
    refuse_choice(fmt::format("expected COLUMN=VALUE, found {}", in_quotes(std::string(text))),
                  "For example topic=fraud. Give it again for another value or another column.");
  }
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

PlacedQueries keep_queries(PlacedQueries all, const std::vector<std::string>& conditions,
                           std::string_view file) {
  Alternatives wanted;
  for (const std::string& text : conditions) {
    const QueryCondition condition = parse_condition(text);
    expect_column(all, condition.column, file);
    expect_value(all, condition, file);
    wanted[condition.column].insert(condition.value);
  }
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < all.queries.size(); ++i) {
    if (meets(all.queries[i], wanted, all.columns)) kept.push_back(i);
  }
  if (kept.empty()) {
    refuse_choice(fmt::format("no query of {} meets all conditions", file),
                  each_keeps(all, wanted));
  }
  return picked(std::move(all), kept);
}

PlacedQueries in_sample_order(PlacedQueries all, std::uint64_t seed) {
  std::vector<std::array<std::uint8_t, 32>> keys;
  keys.reserve(all.queries.size());
  for (const Query& query : all.queries) {
    keys.push_back(Hasher().field("sample").field(seed).field(query.id).digest());
  }
  std::vector<std::size_t> order(all.queries.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return keys[i]; });
  return picked(std::move(all), order);
}

}  // namespace iago
