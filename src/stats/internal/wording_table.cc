#include "stats/internal/wording_table.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace iago {
namespace {

WordingColumn make_column(const ContrastCounts& counts, std::size_t place,
                          std::span<const std::size_t> rows) {
  WordingColumn column{.place = place};
  for (std::size_t query : rows) {
    const bool has = has_data(counts, query);
    column.more.push_back(has ? counts.more[query] : QueryCounts{});
    column.less.push_back(has ? counts.less[query] : QueryCounts{});
    if (!has) continue;
    column.queries += 1;
    column.more_rate += (rate_of(counts.more[query]) - column.more_rate) / column.queries;
    column.less_rate += (rate_of(counts.less[query]) - column.less_rate) / column.queries;
  }
  return column;
}

}  // namespace

double WordingTable::freedom() const {
  double fewest = static_cast<double>(rows);
  for (const WordingColumn& column : columns) fewest = std::min(fewest, column.queries);
  return std::max(1.0, fewest - 1);
}

double WordingTable::scale(const WordingColumn& column) const {
  const double all = static_cast<double>(rows);
  if (column.queries < 2) return 1;  // of a deviation that is 0
  return std::sqrt(all * (all - 1) / (column.queries * (column.queries - 1)));
}

double WordingTable::mean_gap() const {
  double mean = 0;
  for (const WordingColumn& column : columns) {
    mean += column.gap() / static_cast<double>(columns.size());
  }
  return mean;
}

WordingTable make_wording_table(std::span<const ContrastCounts> wordings) {
  const std::size_t queries = wordings.empty() ? 0 : wordings[0].more.size();
  for (const ContrastCounts& counts : wordings) {
    IAGO_CHECK(counts.more.size() == queries && counts.less.size() == queries,
               "the wordings have the same queries");
  }
  std::vector<std::size_t> rows;
  for (std::size_t query = 0; query < queries; ++query) {
    const auto has = [query](const ContrastCounts& counts) { return has_data(counts, query); };
    if (std::ranges::any_of(wordings, has)) rows.push_back(query);
  }
  WordingTable table{.rows = rows.size()};
  for (std::size_t place = 0; place < wordings.size(); ++place) {
    WordingColumn column = make_column(wordings[place], place, rows);
    if (column.queries > 0) table.columns.push_back(std::move(column));
  }
  return table;
}

GapSquares gap_squares(const WordingTable& table) {
  GapSquares squares;
  const double count = static_cast<double>(table.columns.size());
  const double mean = table.mean_gap();
  for (const WordingColumn& column : table.columns) {
    squares.seen += (column.gap() - mean) * (column.gap() - mean);
  }
  const double rows = static_cast<double>(table.rows);
  if (table.rows < 2) return squares;
  for (std::size_t row = 0; row < table.rows; ++row) {
    double sum = 0, of_squares = 0;
    for (const WordingColumn& column : table.columns) {
      if (!column.has(row)) continue;
      const double error = table.scale(column) * (column.difference(row) - column.gap());
      sum += error;
      of_squares += error * error;
    }
    squares.sampling += (of_squares - sum * sum / count) / (rows * (rows - 1));
  }
  return squares;
}

}  // namespace iago
