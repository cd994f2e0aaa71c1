// The conditions of a run: everything in which two runs must agree before their gaps may be set
// side by side, whoever the subject. Each is shown short, on one line. Private to this room.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "figures/summary.h"
#include "record/field_difference.h"
#include "store/store.h"

namespace iago {

struct Conditions {
  std::vector<NamedField> fields;  // always the same names in the same order
  // Runs of the same wording must have sent the same; others cannot.
  std::string wording;
  NamedField prompts;
};

// `summary` is a summary of this store. Errors as Store.
Conditions conditions_of(const Store& store, const Summary& summary);

// The conditions that most runs share, by wording the prompts of the most among them; of equally
// many, those of the run that comes first.
struct SharedConditions {
  std::vector<NamedField> fields;
  std::map<std::string, NamedField> prompts;  // by wording
};
SharedConditions most_shared(std::span<const Conditions> runs);

// One text for each condition in which `run` differs: "channel: full, not terse". Prompts that
// differ are only told where nothing explains them (setting, channel, queries, arms).
std::vector<std::string> what_differs(const Conditions& run, const SharedConditions& shared);

}  // namespace iago
