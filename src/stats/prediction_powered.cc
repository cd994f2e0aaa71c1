#include "stats/prediction_powered.h"

#include <cmath>
#include <map>

#include "base/error.h"

namespace iago {

PoweredMean powered_mean(const JudgedAnswers& all, std::span<const PairedLabel> labels) {
  IAGO_CHECK(!labels.empty() && all.answers > 0, "labels of answers");
  const auto distance = [](const PairedLabel& label) {
    return (label.is_positive ? 1.0 : 0.0) - label.judged;
  };
  const double n = static_cast<double>(labels.size());
  double rectifier = 0;
  for (const PairedLabel& label : labels) rectifier += distance(label) / n;
  double squares = 0;
  std::map<std::size_t, double> by_cluster;
  for (const PairedLabel& label : labels) {
    const double deviation = distance(label) - rectifier;
    squares += deviation * deviation;
    by_cluster[label.cluster] += deviation;
  }
  double clustered = 0;
  for (const auto& [cluster, sum] : by_cluster) clustered += sum * sum;
  const double clusters = static_cast<double>(by_cluster.size());
  if (clusters > 1) clustered *= clusters / (clusters - 1);
  const double of_judge = all.variance / all.answers;
  return {.mean = all.mean + rectifier,
          .se = std::sqrt(of_judge + squares / (n * n)),
          .clustered_se = std::sqrt(of_judge + clustered / (n * n))};
}

}  // namespace iago
