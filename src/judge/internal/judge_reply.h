// What a judge's model wrote, read: one JSON object that carries the request's ticket. Its values
// are yes, no or a number from 1 to 5, in any form that can mean nothing else ("Yes.",
// "**No**", 4.0, "4/5"). Private to the room.
//
// The grader has read hostile text and may repeat it, follow it or answer in its style. So nothing
// counts but an object with the ticket, a random word that the request names outside the quoted
// text and that does not occur within; the last such object counts, and if that one is not as it
// has to be, nothing does.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "judge/rubric.h"

namespace iago {

inline constexpr std::size_t kMaxJudgeReplyBytes = std::size_t{256} << 10;

// The answer to one criterion, its quote not yet checked.
struct ReplyAnswer {
  bool yes = false;
  int scale = 1;
  std::string quote;
  bool operator==(const ReplyAnswer&) const = default;
};

struct JudgeReply {
  std::vector<ReplyAnswer> answers;  // one for each criterion asked; empty if unparsable
  std::string problem;               // why it is unparsable, a sentence without its full stop
};

// The object demanded, with placeholders that are no valid answers: a grader that repeats it has
// answered nothing.
std::string answer_form(std::span<const Criterion* const> asked, std::string_view ticket);

// Reads a reply of at most kMaxJudgeReplyBytes after the last `fence_end` in it. Never throws on
// any bytes; time linear in the reply, times a bounded number of braces.
JudgeReply parse_judge_reply(std::string_view reply, std::string_view fence_end,
                             std::string_view ticket, std::span<const Criterion* const> asked);

}  // namespace iago
