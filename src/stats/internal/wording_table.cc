#include "stats/internal/wording_table.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "stats/clustered.h"
#include "stats/internal/clusters.h"

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

// Of what is drawn with data in the column.
std::vector<double> sizes_of(const WordingTable& table, const WordingColumn& column) {
  if (table.clusters.empty())
    return std::vector<double>(static_cast<std::size_t>(column.queries), 1);
  Labels labels;
  for (std::size_t row = 0; row < table.rows; ++row) {
    if (column.has(row)) labels.push_back(table.clusters[row]);
  }
  return sizes_of_clusters(labels, labels.size());
}

}  // namespace

double WordingTable::drawn(const WordingColumn& column) const {
  return static_cast<double>(sizes_of(*this, column).size());
}

double WordingTable::units(const WordingColumn& column) const {
  return effective_units(sizes_of(*this, column));
}

double WordingTable::units() const {
  double fewest = static_cast<double>(rows);
  for (const WordingColumn& column : columns) fewest = std::min(fewest, units(column));
  return fewest;
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

WordingTable make_wording_table(std::span<const ContrastCounts> wordings,
                                std::span<const std::size_t> clusters) {
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
  IAGO_CHECK(clusters.empty() || clusters.size() == queries, "a cluster for each query");
  WordingTable table{.columns = {}, .rows = rows.size(), .clusters = {}};
  for (std::size_t query : rows) {
    if (!clusters.empty()) table.clusters.push_back(clusters[query]);
  }
  for (std::size_t place = 0; place < wordings.size(); ++place) {
    WordingColumn column = make_column(wordings[place], place, rows);
    if (column.queries > 0) table.columns.push_back(std::move(column));
  }
  return table;
}

std::vector<std::vector<double>> errors_by_column(const WordingTable& table) {
  const double rows = static_cast<double>(table.rows);
  std::vector<std::vector<double>> errors;
  for (const WordingColumn& column : table.columns) {
    const double scale = table.scale(column) / std::sqrt(rows * (rows - 1));
    std::vector<double> of_column(table.rows);
    for (std::size_t row = 0; row < table.rows; ++row) {
      if (column.has(row)) of_column[row] = scale * (column.difference(row) - column.gap());
    }
    if (!table.clusters.empty()) {
      // With Q queries in C clusters the sum over clusters has C / (C - 1) where the one over
      // queries has Q / (Q - 1).
      const double queries = column.queries, clusters = table.drawn(column);
      of_column = sums_of_clusters(of_column, table.clusters);
      const double factor = clusters > 1 && queries > 1
                                ? std::sqrt((queries - 1) / queries * clusters / (clusters - 1))
                                : 1;
      for (double& error : of_column) error *= factor;
    }
    errors.push_back(std::move(of_column));
  }
  return errors;
}

GapSquares gap_squares(const WordingTable& table) {
  GapSquares squares;
  const double count = static_cast<double>(table.columns.size());
  const double mean = table.mean_gap();
  for (const WordingColumn& column : table.columns) {
    squares.seen += (column.gap() - mean) * (column.gap() - mean);
  }
  if (table.rows < 2 || table.columns.empty()) return squares;
  const auto errors = errors_by_column(table);
  for (std::size_t drawn = 0; drawn < errors.front().size(); ++drawn) {
    double sum = 0, of_squares = 0;
    for (const std::vector<double>& of_column : errors) {
      sum += of_column[drawn];
      of_squares += of_column[drawn] * of_column[drawn];
    }
    squares.sampling += of_squares - sum * sum / count;
  }
  return squares;
}

}  // namespace iago
