// The checks that `iago check` has left in a folder, and which of them is about a run.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "figures/check.h"

namespace iago {

struct StoredChecks {
  std::vector<CheckReport> checks;
  std::vector<std::string> unreadable;  // a sentence for each file that is none, with its name
};

// Every check.json one folder below; none if there is no such folder.
StoredChecks read_checks(const std::filesystem::path& folder);

// The newest of the subject with that identity in what its arms are told there (setting_hash of
// study/plan.h). Absent if there is none.
std::optional<CheckReport> newest_check(const std::vector<CheckReport>& checks,
                                        const std::string& identity,
                                        const std::string& setting_hash);

}  // namespace iago
