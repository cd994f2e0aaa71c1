// Sets of queries in the figures: clusters, which were drawn together, and groups (topics, say),
// whose gaps are compared. By the labels that the run names (RunRow), of the first contrast, over
// the wordings in the mean. What each estimate is: stats/groups.h. Pure but for the store that is
// read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "record/contrast.h"
#include "stats/counts.h"
#include "stats/gap.h"
#include "stats/groups.h"
#include "stats/rate.h"
#include "stats/strong_queries.h"
#include "store/store.h"

namespace iago {

struct Summary;

// The queries by one label.
struct QuerySets {
  std::string by;                  // the label's name
  std::vector<std::string> names;  // the sets' values of it, in the order of the queries
  Labels of_queries;               // position i: the place in `names` of query i
};

// A group's rates in the two arms.
struct GroupRates {
  std::size_t queries = 0;  // with data in both arms
  std::optional<RateEstimate> more, less;
};

// The fewest queries that carry more than half of the gap (stats/strong_queries.h), or clusters,
// where the run names any.
struct CarryingQueries {
  Carriers carriers;
  bool are_clusters = false;
  std::vector<std::string> ids;  // of carriers.queries; of clusters their names
  std::size_t queries = 0;       // or clusters, with data in both arms
  bool is_handful = false;
  Unevenness unevenness;  // of the arm that shows more

  // The gap speaks of some queries and not of the rest: a sentence should say which.
  bool are_worth_naming() const { return is_handful || unevenness.is_marked(); }
};

struct SetFigures {
  std::optional<QuerySets> clusters, groups;  // absent: the run names none
  // The same gap with three intervals: over queries like these (and on these queries), over
  // clusters and over groups like these. The last two only where there are such sets, and data in
  // two.
  std::optional<GapEstimate> gap, over_clusters, over_groups;
  // Of the first contrast; absent without clusters and without data.
  std::optional<ClusterSizes> cluster_sizes;
  // Absent without groups, and where they cannot be told apart: fewer than two have data, or each
  // has a single query or cluster.
  std::optional<GroupComparison> compared;
  std::vector<GroupRates> rates;            // of compared->groups, at their places
  std::optional<CarryingQueries> carriers;  // absent where there is no gap
};

// The sets alone, of the first `queries` of the store. Error corrupt where a query lacks a label
// that the run names, or a cluster lies in two groups.
SetFigures read_query_sets(const Store& store, std::size_t queries);

// Adds the figures. `wordings` are the contrast's counts, at least one, each of as many queries as
// the sets (broken: abort); `ids` names the queries. `without_refusals` are the same counts without
// what the provider refused, or none if it refused nothing: a group that differs only with these
// does not differ for sure. Deterministic in `seed`.
void estimate_over_sets(std::span<const ContrastCounts> wordings, std::uint64_t seed,
                        std::span<const std::string> ids, SetFigures& sets,
                        std::span<const ContrastCounts> without_refusals = {});

// For the verdict: the label of each query's cluster (empty: each its own), and the comparison.
Labels cluster_labels(const Summary& summary);
const std::optional<GroupComparison>& compare_groups_of(const Summary& summary);
// A group as a sentence names it: "topic moon archive". The label is one of compare_groups_of.
std::string group_name(const Summary& summary, std::size_t label);
// How many queries with data it has.
std::size_t queries_in_group(const Summary& summary, std::size_t label);
// What the run's groups are called together: the plural of their label, "topics".
std::string groups_word(const Summary& summary);
// Those of which the comparison says that they differ from the rest, whatever is missing and
// without what the provider refused too, the furthest first, by the
// test that is adjusted for all of them: it needs no leave of the test that all are alike, which is
// weak where one of many differs.
std::vector<const GroupGap*> differing_groups(const GroupComparison& compared);

// Header and a row for each group with data: queries, both rates, the gap with its simultaneous
// interval, the gap minus that of all other groups, its p. Of more groups than `most` those
// furthest from the rest. Empty without a comparison.
std::vector<std::vector<std::string>> group_table(const Summary& summary, std::size_t most);
// The line above it.
std::string group_heading(const Summary& summary);

// What part of the gap some queries carry: "54.2 %", or "all" where they carry it or more, which
// the others then take away.
std::string share_of_gap(double share);

// `groups`, `clusters` and `carriers` of summary.json.
void add_sets(const Summary& summary, Json& json);

}  // namespace iago
