// The conditions of a run: everything in which two runs must agree before their gaps may be set
// side by side, whoever the subject. Private to this room.
#pragma once

#include <string>
#include <vector>

#include "figures/summary.h"
#include "store/store.h"

namespace iago {

struct Condition {
  std::string name;   // "variant"
  std::string shown;  // on one line and short
  std::string exact;  // what is compared: text or a hash
};

// Always the same names in the same order. `summary` is a summary of this store. Errors as Store.
std::vector<Condition> conditions_of(const Store& store, const Summary& summary);

bool agree(const std::vector<Condition>& a, const std::vector<Condition>& b);

// One text for each condition in which `run` differs: "variant: no-rule, not default". Prompts that
// differ are only told where nothing explains them (setting, channel, variant, queries, arms).
std::vector<std::string> differences(const std::vector<Condition>& run,
                                     const std::vector<Condition>& reference);

}  // namespace iago
