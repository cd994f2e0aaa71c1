// Query sets as CSV: which column holds what, by the header.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/csv.h"
#include "study/internal/query_collector.h"
#include "study/internal/query_columns.h"
#include "study/query.h"
#include "text/utf8.h"

namespace iago {
namespace {

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

  PlacedQueries read(std::string_view text_column) {
    const std::string hint = fmt::format("A header and a line for each query. {}", kTextColumnHint);
    std::optional<CsvRecord> header = reader_.next();
    if (!header) return collector_.finish(hint);
    read_header(std::move(*header), text_column);
    while (std::optional<CsvRecord> record = reader_.next()) {
      collector_.expect_room(record->line);
      add(std::move(*record));
    }
    return collector_.finish(hint);
  }

 private:
  void read_header(CsvRecord header, std::string_view text_column) {
    check_text(header);
    names_ = std::move(header.fields);
    for (auto column = names_.begin(); column != names_.end(); ++column) {
      if (std::find(names_.begin(), column, *column) != column) {
        throw collector_.error(
            header.line, fmt::format("the column \"{}\" is given twice", column->substr(0, 200)));
      }
    }
    collector_.set_columns(names_, text_column, header.line);
  }

  void add(CsvRecord record) {
    if (record.fields.size() != names_.size()) {
      throw collector_.error(
          record.line, fmt::format("expected {} fields as in the header, found {}", names_.size(),
                                   record.fields.size()));
    }
    check_text(record);
    Query query;
    std::string context;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      std::string* field = field_of(names_[i], collector_.columns(), query, context);
      if (!field && query.labels.size() == limits_.labels) {
        throw collector_.error(record.line, fmt::format("more than {} labels", limits_.labels));
      }
      (field ? *field : query.labels[names_[i]]) = std::move(record.fields[i]);
    }
    collector_.add(std::move(query), context, record.line);
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
  std::vector<std::string> names_;
};

}  // namespace

PlacedQueries read_csv_queries(std::string_view csv, std::string_view where,
                               const QueryLimits& limits, std::string_view text_column) {
  return CsvQueries(csv, where, limits).read(text_column);
}

std::vector<Query> parse_csv_queries(std::string_view csv, std::string_view where,
                                     const QueryLimits& limits, std::string_view text_column) {
  return read_csv_queries(csv, where, limits, text_column).queries;
}

}  // namespace iago
