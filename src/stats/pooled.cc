#include "stats/pooled.h"

#include <algorithm>

#include "base/error.h"

namespace iago {

Pooled pooled(std::span<const ContrastCounts> wordings, std::span<const std::size_t> clusters) {
  Pooled all;
  for (const ContrastCounts& counts : wordings) {
    all.counts.more.insert(all.counts.more.end(), counts.more.begin(), counts.more.end());
    all.counts.less.insert(all.counts.less.end(), counts.less.begin(), counts.less.end());
    for (std::size_t query = 0; query < counts.more.size(); ++query) {
      all.labels.push_back(clusters.empty() ? query : clusters[query]);
      all.queries.push_back(query);
    }
  }
  return all;
}

ContrastCounts by_query(std::span<const ContrastCounts> wordings) {
  IAGO_CHECK(!wordings.empty(), "a wording");
  ContrastCounts sum = wordings[0];
  const auto add = [](ArmCounts& to, const ArmCounts& arm) {
    IAGO_CHECK(to.size() == arm.size(), "the wordings have the same queries");
    for (std::size_t i = 0; i < to.size(); ++i) {
      to[i].successes += arm[i].successes;
      to[i].trials += arm[i].trials;
      to[i].copies = std::max(to[i].copies, arm[i].copies);
    }
  };
  for (const ContrastCounts& counts : wordings.subspan(1)) {
    add(sum.more, counts.more);
    add(sum.less, counts.less);
  }
  return sum;
}

}  // namespace iago
