#include "stats/rate.h"

#include <cmath>

#include "stats/clustered.h"

namespace iago {

std::optional<RateEstimate> estimate_rate(std::span<const QueryCounts> arm) {
  const ClusteredRate clustered = clustered_rate(arm);
  if (clustered.queries == 0) return std::nullopt;
  return RateEstimate{.rate = clustered.rate,
                      .ci95 = rate_interval(clustered),
                      .n = clustered.n,
                      .queries = clustered.queries,
                      .se = std::sqrt(clustered.variance),
                      .effective_n = clustered.effective_n};
}

std::optional<Interval> rate_bounds_if_missing(std::span<const QueryCounts> arm) {
  const ClusteredRate low = clustered_rate(fill_missing(arm, Missing::as_failure));
  const ClusteredRate high = clustered_rate(fill_missing(arm, Missing::as_success));
  if (low.queries == 0) return std::nullopt;
  return Interval{low.rate, high.rate};
}

}  // namespace iago
