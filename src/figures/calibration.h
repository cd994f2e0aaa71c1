// A subject of known gap beside the intervals of studies of the usual size: what calibrating found.
// Plain values; instrument/calibrate.h makes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "stats/interval.h"

namespace iago {

// One redrawn study. Points, as summary.json has them.
struct RedrawnStudy {
  std::uint64_t seed = 0;
  double points = 0, se_paired = 0;
  Interval ci95;
  std::string verdict;
};

// One subject in one case: the default, the conflict removed, the rule inverted.
struct Calibration {
  std::string model, identity, study_case;
  double truth = 0, truth_se = 0;        // points; the error as of independent completions
  double training = 0, unmonitored = 0;  // true rates of compliance, fractions
  std::uint64_t truth_completions = 0;
  std::vector<RedrawnStudy> studies;

  std::size_t covered() const;  // studies whose interval contains the truth
};

Json to_json(const std::vector<Calibration>& calibrations);
// What to_json() wrote. Error corrupt for anything else; `where` names it.
std::vector<Calibration> calibrations_of(const Json& json, const std::string& where);
// `now`, and of `earlier` the subjects that are not in it, in the order of their names.
std::vector<Calibration> merged(std::vector<Calibration> now, std::vector<Calibration> earlier);
// One row for each, with the first study's estimate and interval and the coverage of all.
std::string to_markdown(const std::vector<Calibration>& calibrations);
// Every interval as a line beside its truth; those that miss it stand out.
std::string to_svg(const std::vector<Calibration>& calibrations);

}  // namespace iago
