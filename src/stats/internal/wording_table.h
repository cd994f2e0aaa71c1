// The table of queries by wordings that all figures of wordings.h are made of. Pure, safe from any
// thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stats/counts.h"
#include "stats/groups.h"

namespace iago {

struct WordingColumn {
  std::size_t place = 0;                // among the wordings handed in
  std::vector<QueryCounts> more, less;  // for each row; where one has no trials neither counts
  double more_rate = 0, less_rate = 0;  // means over the queries with data
  double queries = 0;                   // with data in both arms, above 0

  double gap() const { return more_rate - less_rate; }  // a fraction
  bool has(std::size_t row) const { return more[row].trials > 0 && less[row].trials > 0; }
  // A fraction; only where it has data.
  double difference(std::size_t row) const { return rate_of(more[row]) - rate_of(less[row]); }
};

struct WordingTable {
  std::vector<WordingColumn> columns;  // wordings with data
  std::size_t rows = 0;                // queries with data under one of them at least
  Labels clusters;                     // of the rows; empty: each query is drawn for itself

  // What is drawn with data in the column: its queries, or the clusters that they are of.
  double drawn(const WordingColumn& column) const;
  // The same by their effective number (clustered.h).
  double units(const WordingColumn& column) const;
  // Of the column that has the fewest.
  double units() const;
  // What a column's deviation from its mean at one row is multiplied by, so that the squares over
  // all rows come to rows (rows - 1) times the variance of the mean.
  double scale(const WordingColumn& column) const;
  // Mean of the columns' gaps, a fraction; 0 without columns.
  double mean_gap() const;
};

// All arms have the same length, and so have the clusters, if there are any (broken: abort).
WordingTable make_wording_table(std::span<const ContrastCounts> wordings,
                                std::span<const std::size_t> clusters = {});

// What each query, or cluster, adds to the error of each column's gap: [column][drawn]. Their
// squares sum up to the variance of the gap, their products to the covariance of two.
std::vector<std::vector<double>> errors_by_column(const WordingTable& table);

// What the spread of the gaps around their mean comes to, as fractions squared.
struct GapSquares {
  double seen = 0;      // sum of squares of the gaps around their mean
  double sampling = 0;  // what queries and repeats add to it on average: the centred trace

  // Of the true gaps, by moments; cut at 0.
  double of_truth() const { return seen > sampling ? seen - sampling : 0; }
};

GapSquares gap_squares(const WordingTable& table);

}  // namespace iago
