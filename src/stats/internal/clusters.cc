#include "stats/internal/clusters.h"

#include <map>
#include <set>

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
                                     std::span<const std::size_t> labels) {
  if (labels.empty()) return {rates.begin(), rates.end()};
  check(labels, rates.size());
  std::vector<double> own;
  for (const QueryRate& rate : rates) own.push_back(rate.rate);
  std::map<std::size_t, QueryRate> clusters;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    QueryRate& to = clusters.try_emplace(labels[i], QueryRate{.queries = 0}).first->second;
    to.inverse_trials += rates[i].inverse_trials;
    to.has_success |= rates[i].has_success;
    to.has_failure |= rates[i].has_failure;
    to.n += rates[i].n;
    to.queries += rates[i].queries;
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

std::size_t count_clusters(std::span<const std::size_t> labels, std::size_t all) {
  if (labels.empty()) return all;
  return std::set<std::size_t>(labels.begin(), labels.end()).size();
}

}  // namespace iago
