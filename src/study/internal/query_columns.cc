#include "study/internal/query_columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "base/nearest.h"

namespace iago {
namespace {

// By preference: our own names, then those of AdvBench, JailbreakBench (whose Behavior is a title),
// HarmBench and StrongREJECT.
constexpr std::string_view kTextColumns[] = {
    "text", "goal", "Goal", "Behavior", "forbidden_prompt", "prompt"};
constexpr std::string_view kIdColumns[] = {"id", "BehaviorID"};
constexpr std::string_view kTopicColumns[] = {"topic", "SemanticCategory", "category", "Category"};
constexpr std::string_view kContextColumns[] = {"ContextString"};  // contextual behaviours
constexpr std::size_t kShownNameBytes = 500;

std::string first_of(std::span<const std::string_view> wanted,
                     const std::vector<std::string>& names, std::string_view taken) {
  for (std::string_view name : wanted) {
    if (name != taken && std::ranges::count(names, name) > 0) return std::string(name);
  }
  return {};
}

std::string shown(const std::vector<std::string>& names) {
  const std::string all = fmt::format("{}", fmt::join(names, ", "));
  return all.size() > kShownNameBytes ? all.substr(0, kShownNameBytes) + "..." : all;
}

}  // namespace

QueryColumns columns_among(const std::vector<std::string>& names, std::string_view text_column) {
  QueryColumns columns;
  columns.text = text_column.empty() ? first_of(kTextColumns, names, {}) : std::string(text_column);
  if (columns.text.empty()) {
    throw Error(ErrorCode::invalid,
                fmt::format("text: expected a column for it, found {}", shown(names)),
                std::string(kTextColumnHint));
  }
  if (std::ranges::count(names, columns.text) == 0) {
    throw Error(ErrorCode::invalid,
                fmt::format("text: expected the column \"{}\", found {}",
                            columns.text.substr(0, kShownNameBytes), shown(names)),
                hint_of_names(columns.text, names));
  }
  columns.id = first_of(kIdColumns, names, columns.text);
  columns.topic = first_of(kTopicColumns, names, columns.text);
  columns.context = first_of(kContextColumns, names, columns.text);
  return columns;
}

std::string* field_of(std::string_view column, const QueryColumns& columns, Query& query,
                      std::string& context) {
  if (column.empty()) return nullptr;  // as is the name of what the file lacks
  if (column == columns.text) return &query.text;
  if (column == columns.id) return &query.id;
  if (column == columns.topic) return &query.topic;
  return column == columns.context ? &context : nullptr;
}

}  // namespace iago
