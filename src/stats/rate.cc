#include "stats/rate.h"

#include <algorithm>
#include <cmath>

#include "stats/clustered.h"
#include "stats/on_these_queries.h"

namespace iago {

std::optional<RateEstimate> estimate_rate(std::span<const QueryCounts> arm) {
  const ClusteredRate clustered = clustered_rate(arm);
  if (clustered.queries == 0) return std::nullopt;
  const Interval on_these = *rate_on_these_queries(arm), over = rate_interval(clustered);
  return RateEstimate{.rate = clustered.rate,
                      .ci95 = {std::min(on_these.lo, over.lo), std::max(on_these.hi, over.hi)},
                      .on_these_queries = on_these,
                      .n = clustered.n,
                      .queries = clustered.queries,
                      .clusters = clustered.queries,
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
