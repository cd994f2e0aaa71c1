// Many texts given to one judge at a time, the verdicts in their order. Private to the room.
#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "judge/judge.h"

namespace iago {

struct JudgeAllLimits {
  std::stop_token no_more;                                // after this, no further text is given
  std::stop_token at_once;                                // after this, what is due ends too
  std::function<void(std::size_t done)> on_verdict = {};  // from any thread, one at a time
};

// As many texts at a time as make some thousand requests. A text that was not given, because the
// work was stopped or no request of the judge's model can succeed, has a failed verdict.
std::vector<Verdict> judge_all(Judge& judge, const std::vector<JudgeView>& views,
                               const JudgeAllLimits& limits);

}  // namespace iago
