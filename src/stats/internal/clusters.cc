#include "stats/internal/clusters.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"

namespace iago {
namespace {

double mean_of(std::span<const double> numbers) {
  double sum = 0;
  for (double number : numbers) sum += number;
  return numbers.empty() ? 0 : sum / static_cast<double>(numbers.size());
}

void check(std::span<const std::size_t> labels, std::size_t numbers) {
  IAGO_CHECK(labels.size() == numbers, "a cluster for each query");
}

}  // namespace

std::vector<double> sums_of_clusters(std::span<const double> numbers,
                                     std::span<const std::size_t> labels) {
  if (labels.empty()) return {numbers.begin(), numbers.end()};
  check(labels, numbers.size());
  std::map<std::size_t, double> sums;
  for (std::size_t i = 0; i < numbers.size(); ++i) sums[labels[i]] += numbers[i];
  std::vector<double> found;
  for (const auto& [label, sum] : sums) found.push_back(sum);
  return found;
}

std::vector<double> over_clusters(std::span<const double> numbers,
                                  std::span<const std::size_t> labels) {
  if (labels.empty()) return {numbers.begin(), numbers.end()};
  const double mean = mean_of(numbers);
  std::vector<double> from_mean(numbers.begin(), numbers.end());
  for (double& number : from_mean) number -= mean;
  std::vector<double> found = sums_of_clusters(from_mean, labels);
  const double scale = static_cast<double>(found.size()) / static_cast<double>(numbers.size());
  for (double& sum : found) sum = mean + scale * sum;
  return found;
}

std::vector<QueryRate> over_clusters(std::span<const QueryRate> rates,
                                     std::span<const std::size_t> labels,
                                     std::span<const std::size_t> queries) {
  if (labels.empty()) return {rates.begin(), rates.end()};
  check(labels, rates.size());
  IAGO_CHECK(queries.empty() || queries.size() == rates.size(), "a query each");
  std::vector<double> own;
  for (const QueryRate& rate : rates) own.push_back(rate.rate);
  std::map<std::size_t, QueryRate> clusters;
  std::set<std::pair<std::size_t, std::size_t>> asked;  // cluster, query
  for (std::size_t i = 0; i < rates.size(); ++i) {
    QueryRate& to = clusters.try_emplace(labels[i], QueryRate{.queries = 0}).first->second;
    to.inverse_trials += rates[i].inverse_trials;
    to.has_success |= rates[i].has_success;
    to.has_failure |= rates[i].has_failure;
    to.n += rates[i].n;
    const std::size_t query = queries.empty() ? i : queries[i];
    if (asked.emplace(labels[i], query).second) to.queries += rates[i].queries;
  }
  const std::vector<double> linearised = over_clusters(own, labels);
  const double scale = static_cast<double>(clusters.size()) / static_cast<double>(rates.size());
  std::vector<QueryRate> found;
  for (auto& [label, cluster] : clusters) {
    cluster.rate = linearised[found.size()];
    cluster.inverse_trials *= scale * scale;
    found.push_back(cluster);
  }
  return found;
}

void count_clusters_that_differ(std::span<const double> differences,
                                std::span<const std::size_t> labels, Differences& described) {
  constexpr double kRounding = 1e-12;  // what cancels within a cluster differs in nothing
  std::vector<double> own = sums_of_clusters(differences, labels);
  const auto same =
      std::ranges::count_if(own, [](double sum) { return std::abs(sum) < kRounding; });
  described.differing = static_cast<double>(own.size()) - static_cast<double>(same);
  const std::vector<double> sizes = sizes_of_clusters(labels, differences.size());
  for (std::size_t i = 0; i < own.size(); ++i) own[i] /= sizes[i];
  described.deviating = count_deviating(own);
}

Differences describe_over(std::span<const double> differences,
                          std::span<const std::size_t> labels) {
  Differences described = describe_differences(over_clusters(differences, labels));
  if (!labels.empty()) count_clusters_that_differ(differences, labels, described);
  return described;
}

std::vector<double> sizes_of_clusters(std::span<const std::size_t> labels, std::size_t all) {
  return sums_of_clusters(std::vector<double>(all, 1.0), labels);
}

std::size_t count_clusters(std::span<const std::size_t> labels, std::size_t all) {
  if (labels.empty()) return all;
  return std::set<std::size_t>(labels.begin(), labels.end()).size();
}

}  // namespace iago
