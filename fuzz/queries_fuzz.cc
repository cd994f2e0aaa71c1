// Query sets from outside, as CSV and as JSON lines, and conditions on them: whatever the bytes,
// queries or an iago::Error. What CSV was read as must survive being written and read again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "study/query.h"
#include "study/query_choice.h"

namespace {

std::string in_quotes(std::string_view field) {
  std::string all = "\"";
  for (char c : field) all += c == '"' ? "\"\"" : std::string(1, c);
  return all + "\"";
}

std::string csv_of(const std::vector<iago::Query>& queries) {
  std::string csv = "id,text,topic";
  for (const auto& [label, value] : queries.front().labels) csv += "," + in_quotes(label);
  for (const iago::Query& query : queries) {
    csv +=
        "\r\n" + in_quotes(query.id) + "," + in_quotes(query.text) + "," + in_quotes(query.topic);
    for (const auto& [label, value] : query.labels) csv += "," + in_quotes(value);
  }
  return csv;
}

// A label may be called as one of our columns is; then the second reading takes it for that one.
bool keeps_its_columns(const iago::Query& query) {
  for (const char* column :
       {"Behavior", "goal", "Goal", "forbidden_prompt", "prompt", "text", "BehaviorID", "id",
        "SemanticCategory", "category", "Category", "topic", "ContextString"}) {
    if (query.labels.contains(column)) return false;
  }
  return true;
}

void choose(std::vector<iago::Query> queries, const std::string& condition) {
  iago::PlacedQueries all{.queries = std::move(queries), .lines = {}, .columns = {}};
  all.lines.resize(all.queries.size());
  const std::size_t size = all.queries.size();
  const iago::PlacedQueries kept =
      iago::in_sample_order(iago::keep_queries(std::move(all), {condition}, "fuzz"), 1);
  IAGO_CHECK(!kept.queries.empty() && kept.queries.size() <= size, condition);
  IAGO_CHECK(kept.lines.size() == kept.queries.size(), condition);
}

}  // namespace

// The first byte chooses the format, whether the first line names the text's column, and whether
// it is a condition that chooses queries.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  iago::QueryLimits limits{.file_bytes = 1 << 20, .queries = 1000, .text_bytes = 1 << 12};
  const bool is_csv = (data[0] & 1) != 0, names_text = (data[0] & 2) != 0,
             has_condition = (data[0] & 4) != 0;
  std::string first;
  if (names_text || has_condition) {
    first = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), first.size() + 1));
  }
  try {
    const std::string_view column = names_text ? first : std::string_view();
    auto queries = is_csv ? iago::parse_csv_queries(text, "fuzz.csv", limits, column)
                          : iago::parse_queries(text, "fuzz.jsonl", limits, column);
    IAGO_CHECK(!queries.empty(), "a set without queries");
    if (is_csv && keeps_its_columns(queries.front())) {
      auto again = iago::parse_csv_queries(csv_of(queries), "again.csv");
      IAGO_CHECK(again == queries, csv_of(queries));
    }
    if (has_condition) choose(std::move(queries), first);
  } catch (const iago::Error& error) {
    IAGO_CHECK(!std::string_view(error.what()).empty(), "an error without a message");
  }
  return 0;
}
