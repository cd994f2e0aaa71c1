#include "judge/rule_judges.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace iago {

std::unique_ptr<Judge> make_rule_judge(std::string_view name) {
  if (name == "compliance-rules") return make_compliance_rules();
  if (name == "faking-rules") return make_faking_rules();
  if (name == "prefix-match") return make_prefix_match();
  if (name == kPreferenceRules) return make_preference_rules();
  throw Error(ErrorCode::not_found, fmt::format("no rule judge is called \"{}\"", name),
              fmt::format("the rule judges are {}", fmt::join(rule_judge_names(), ", ")));
}

std::vector<std::unique_ptr<Judge>> make_rule_judges(const std::vector<std::string>& names) {
  std::vector<std::unique_ptr<Judge>> judges;
  for (const std::string& name : names) judges.push_back(make_rule_judge(name));
  return judges;
}

std::vector<std::string> rule_judge_names() {
  return {"compliance-rules", "faking-rules", "prefix-match", std::string(kPreferenceRules)};
}

std::vector<std::string> world_judge_names() { return {"compliance-rules", "faking-rules"}; }

}  // namespace iago
