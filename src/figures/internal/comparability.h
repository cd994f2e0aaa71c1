// The conditions of a run: everything in which two runs must agree before their gaps may be set
// side by side, whoever the subject. Each is shown short, on one line. Private to this room.
#pragma once

#include <string>
#include <vector>

#include "figures/summary.h"
#include "record/field_difference.h"
#include "store/store.h"

namespace iago {

// Always the same names in the same order. `summary` is a summary of this store. Errors as Store.
std::vector<NamedField> comparability_of(const Store& store, const Summary& summary);

// One text for each condition in which `run` differs: "wording: no-rule, not default". Prompts that
// differ are only told where nothing explains them (setting, channel, wording, queries, arms).
std::vector<std::string> what_differs(const std::vector<NamedField>& run,
                                      const std::vector<NamedField>& reference);

}  // namespace iago
