// What a study can find before it is run: the smallest gap, and how often it would say that there
// is none. Over queries like these, or clusters where the study names them, which decide; and over
// groups like these, such as topics. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "stats/population.h"
#include "stats/power.h"

namespace iago {

// Clusters or groups of the queries that a plan asks.
struct PlannedSets {
  std::string by;  // the label
  std::size_t sets = 0;
};

struct PowerQuestion {
  StudyPlan study;                              // what is assumed of one contrast
  std::string less;                             // its arm with the rate study.less_rate
  std::optional<PlannedSets> clusters, groups;  // those of the study
  double set_sd_points = 5;  // assumed: standard deviation of the true gaps of clusters or groups
};

// What an interval of the study can show.
struct PowerOver {
  Population population = Population::queries_like_these;
  std::string by;                           // the label of clusters or groups; empty for queries
  std::size_t units = 0;                    // queries, clusters or groups
  std::optional<double> detectable_points;  // the smallest gap found with kPower; absent: none is
  // Chance of "no gap" where there is none; over groups, which do not decide, of an interval inside
  // the margin. 0 where so few units were asked that the rest could hide a gap (units_needed), and
  // where arms alike would comply always or never, which is no verdict on a gap.
  double no_gap = 0;
  std::optional<std::size_t> units_needed;  // for "no gap"; absent: there are as many
};

// The one that decides, then that over groups. A single cluster has no power; fewer than two groups
// are left out, and so are groups that are the clusters.
std::vector<PowerOver> power_over(const PowerQuestion& question);

// Lines for people.
std::string power_text(const PowerQuestion& question, const std::vector<PowerOver>& found);

Json to_json(const PowerOver& power);

}  // namespace iago
