#include "figures/rejudging.h"

#include <nlohmann/json.hpp>

namespace iago {

Json to_json(const RejudgeResult& result) {
  Json json{{"judged", Json::array()}};
  for (const Rejudged& judge : result.judges) {
    json["judged"].push_back({{"name", judge.name},
                              {"hash", judge.hash},
                              {"new", judge.is_new},
                              {"verdicts", judge.judged},
                              {"waiting", judge.waiting},
                              {"answered", judge.stored.answered},
                              {"without_label", judge.stored.without_label},
                              {"unparsable", judge.count.unparsable},
                              {"refused", judge.count.refused},
                              {"failed", judge.count.failed},
                              {"yes_to_quote", judge.count.yes_to_quote},
                              {"yes_without_quote", judge.count.unquoted},
                              {"prompt_tokens", judge.count.usage.prompt},
                              {"generated_tokens", judge.count.usage.generated}});
  }
  if (result.budget) json["budget"] = to_json(*result.budget);
  json["summary"] = to_json(result.summary);
  return json;
}

}  // namespace iago
