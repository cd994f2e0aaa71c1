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

// The same of an arm's rates. `queries[i]` is the query of rate i, where one stands at several
// places (under several wordings); empty: each has its own.
std::vector<QueryRate> over_clusters(std::span<const QueryRate> rates,
                                     std::span<const std::size_t> labels,
                                     std::span<const std::size_t> queries = {});

// What the differences of queries say of their mean, over clusters.
Differences describe_over(std::span<const double> differences, std::span<const std::size_t> labels);

// Into `described`: how many clusters, by their own sums and means, are not 0, and how many are not
// what most are.
void count_clusters_that_differ(std::span<const double> differences,
                                std::span<const std::size_t> labels, Differences& described);

// How many numbers each cluster has, by label; ones without labels.
std::vector<double> sizes_of_clusters(std::span<const std::size_t> labels, std::size_t all);

// How many clusters there are; the number of `all` without labels.
std::size_t count_clusters(std::span<const std::size_t> labels, std::size_t all);

}  // namespace iago
