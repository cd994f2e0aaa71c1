// One completion with what the judges said of it, or one trial that has none: what `iago show
// --json` prints.
#pragma once

#include <map>
#include <string>

#include "base/json.h"
#include "record/judgement.h"
#include "store/rows.h"

namespace iago {

using VerdictsByName = std::map<std::string, Verdict>;  // by the judge's name

Json to_json(const CompletionRow& row, const std::string& query_text,
             const VerdictsByName& verdicts);
Json to_json(const OpenTrialRow& row);

}  // namespace iago
