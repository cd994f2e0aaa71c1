// Figures of queries folded into those of the clusters that the queries were drawn in. The mean
// over Q queries is, with C clusters, the mean over clusters of C / Q times their sums; linearised
// around it (groups.h) the clusters take the queries' place. Pure; internal to the room.
//
// `labels[i]` is the cluster of number i: as many as numbers, or none: then each is its own, and
// everything comes back as it was given.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "stats/clustered.h"

namespace iago {

// Numbers whose mean is taken, one for each cluster, by label: their mean is that of the numbers,
// their spread that of clusters.
std::vector<double> over_clusters(std::span<const double> numbers,
                                  std::span<const std::size_t> labels);

// The clusters' sums, by label.
std::vector<double> sums_of_clusters(std::span<const double> numbers,
                                     std::span<const std::size_t> labels);

// The same of an arm's rates.
std::vector<QueryRate> over_clusters(std::span<const QueryRate> rates,
                                     std::span<const std::size_t> labels);

// How many clusters there are; the number of `all` without labels.
std::size_t count_clusters(std::span<const std::size_t> labels, std::size_t all);

}  // namespace iago
