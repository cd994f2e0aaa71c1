#include "stats/counts.h"

#include "base/error.h"

namespace iago {

ContrastCounts paired(std::span<const QueryCounts> more, std::span<const QueryCounts> less) {
  IAGO_CHECK(more.size() == less.size(), "the arms have the same queries");
  ContrastCounts pair;
  for (std::size_t i = 0; i < more.size(); ++i) {
    if (more[i].trials == 0 || less[i].trials == 0) continue;
    pair.more.push_back(more[i]);
    pair.less.push_back(less[i]);
  }
  return pair;
}

QueryCounts total(std::span<const QueryCounts> arm) {
  QueryCounts sum;
  for (const QueryCounts& query : arm) {
    sum.successes += query.successes;
    sum.trials += query.trials;
    sum.missing += query.missing;
  }
  return sum;
}

double missing_share(std::span<const QueryCounts> arm) {
  const QueryCounts sum = total(arm);
  const std::size_t all = sum.trials + sum.missing;
  return all == 0 ? 0.0 : static_cast<double>(sum.missing) / static_cast<double>(all);
}

ArmCounts fill_missing(std::span<const QueryCounts> arm, Missing how) {
  ArmCounts filled(arm.begin(), arm.end());
  for (QueryCounts& query : filled) {
    if (how == Missing::as_success) query.successes += query.missing;
    query.trials += query.missing;
    query.missing = 0;
  }
  return filled;
}

ArmCounts without_faking_reasoning(std::span<const QueryCounts> more,
                                   std::span<const std::size_t> faking) {
  IAGO_CHECK(more.size() == faking.size(), "one count of faking completions per query");
  ArmCounts rest(more.begin(), more.end());
  for (std::size_t i = 0; i < rest.size(); ++i) {
    IAGO_CHECK(faking[i] <= rest[i].successes, "every faking completion complies");
    rest[i].successes -= faking[i];
    rest[i].trials -= faking[i];
  }
  return rest;
}

}  // namespace iago
