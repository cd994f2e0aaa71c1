// Query sets as CSV: which column holds what, by the header.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <span>

#include "base/csv.h"
#include "base/hash.h"
#include "study/internal/query_collector.h"
#include "study/query.h"
#include "text/utf8.h"

namespace iago {
namespace {

// By preference: the names that HarmBench, AdvBench and StrongREJECT use, then our own.
constexpr std::string_view kTextColumns[] = {"Behavior", "goal", "forbidden_prompt", "prompt",
                                             "text"};
constexpr std::string_view kIdColumns[] = {"BehaviorID", "id"};
constexpr std::string_view kTopicColumns[] = {"SemanticCategory", "category", "topic"};
constexpr std::string_view kContextColumn = "ContextString";  // HarmBench's contextual behaviours
constexpr std::string_view kHint =
    "A header and a line for each query; the text's column is called Behavior, goal, "
    "forbidden_prompt, prompt or text.";
constexpr std::size_t kIdDigits = 16;
constexpr std::size_t kColumnsBesideLabels = 4;  // text, id, topic, context

class CsvQueries {
 public:
  CsvQueries(std::string_view csv, std::string_view where, const QueryLimits& limits)
      : limits_(limits),
        collector_(where, limits, csv.size()),
        reader_(csv, where,
                {.bytes = limits.file_bytes,
                 .columns = limits.labels + kColumnsBesideLabels,
                 .field_bytes = limits.text_bytes}) {}

  PlacedQueries read() {
    std::optional<CsvRecord> header = reader_.next();
    if (!header) return collector_.finish(std::string(kHint));
    read_header(*header);
    while (std::optional<CsvRecord> record = reader_.next()) {
      collector_.expect_room(record->line);
      collector_.add(query_of(*record), record->line);
    }
    return collector_.finish(std::string(kHint));
  }

 private:
  void read_header(const CsvRecord& header) {
    check_text(header);
    columns_ = header.fields;
    for (auto column = columns_.begin(); column != columns_.end(); ++column) {
      if (std::find(columns_.begin(), column, *column) != column) {
        throw collector_.error(
            header.line, fmt::format("the column \"{}\" is given twice", column->substr(0, 200)));
      }
    }
    text_ = find(kTextColumns);
    id_ = find(kIdColumns);
    topic_ = find(kTopicColumns);
    context_ = find(std::span(&kContextColumn, 1));
    if (text_) return;
    std::string found = fmt::format("{}", fmt::join(columns_, ", ")).substr(0, 500);
    throw collector_.error(header.line,
                           fmt::format("expected a column for the text, found {}", found),
                           std::string(kHint));
  }

  std::optional<std::size_t> find(std::span<const std::string_view> names) const {
    for (std::string_view name : names) {
      auto found = std::ranges::find(columns_, name);
      if (found != columns_.end()) return found - columns_.begin();
    }
    return std::nullopt;
  }

  Query query_of(const CsvRecord& record) const {
    if (record.fields.size() != columns_.size()) {
      throw collector_.error(
          record.line, fmt::format("expected {} fields as in the header, found {}", columns_.size(),
                                   record.fields.size()));
    }
    check_text(record);
    Query query;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i == context_) continue;  // it becomes part of the text
      std::string* field = i == text_    ? &query.text
                           : i == id_    ? &query.id
                           : i == topic_ ? &query.topic
                                         : nullptr;
      if (!field && query.labels.size() == limits_.labels) {
        throw collector_.error(record.line, fmt::format("more than {} labels", limits_.labels));
      }
      (field ? *field : query.labels[columns_[i]]) = record.fields[i];
    }
    if (context_ && !record.fields[*context_].empty() && !query.text.empty()) {
      query.text = fmt::format("{}\n\n---\n\n{}", record.fields[*context_], query.text);
    }
    if (!id_) query.id = "text-" + sha256_hex(query.text).substr(0, kIdDigits);
    return query;
  }

  void check_text(const CsvRecord& record) const {
    for (const std::string& field : record.fields) {
      if (!is_valid_utf8(field)) {
        throw collector_.error(record.line, "not UTF-8 text", "Save the file as plain UTF-8 text.");
      }
    }
  }

  const QueryLimits& limits_;
  QueryCollector collector_;
  CsvReader reader_;
  std::vector<std::string> columns_;
  std::optional<std::size_t> text_, id_, topic_, context_;  // columns
};

}  // namespace

PlacedQueries read_csv_queries(std::string_view csv, std::string_view where,
                               const QueryLimits& limits) {
  return CsvQueries(csv, where, limits).read();
}

std::vector<Query> parse_csv_queries(std::string_view csv, std::string_view where,
                                     const QueryLimits& limits) {
  return read_csv_queries(csv, where, limits).queries;
}

}  // namespace iago
