// The request for one verdict: the rubric's texts around the quoted view. Private to the room.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "judge/internal/judge_reply.h"
#include "judge/internal/quoted_text.h"
#include "judge/rubric.h"
#include "record/message.h"

namespace iago {

struct QuotedPart {
  ViewPart part;
  QuotedText text;
};

// The parts of the view that the rubric reads, in its order.
std::vector<QuotedPart> quoted_parts(const Rubric& rubric, const JudgeView& view);

struct JudgePrompt {
  std::vector<Message> messages;
  std::string ticket;     // of the answer; occurs in no part
  std::string fence_end;  // the beginning of the lines that end a part
};

// The two random words come from the stream called `name`: the same name and parts, the same
// prompt. They occur nowhere in the parts.
JudgePrompt make_judge_prompt(const Rubric& rubric, const std::vector<const Criterion*>& asked,
                              const std::vector<QuotedPart>& parts, std::string_view name);

}  // namespace iago
