// When a run ends by itself: rules that look at failures alone, without stores or clocks. A failed
// request leaves its trial open, and as a rule the run asks the others. It ends where the others
// can fare no better:
//
// - The failure says so itself (ChatFailure::ends_run): a wrong key, no such model.
// - The server rejects different prompts alike before any was answered: the cause is what all of
//   them have in common, a field or a header. Later the same words mean single prompts, because a
//   content filter answers alike, too.
// - The first replies of every arm are too long for the context, or end for a reason that nobody
//   knows.
// - Many requests in a row get no reply, or none of the session's got one.
//
// Not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/error.h"
#include "chat/chat_model.h"
#include "record/wording.h"

namespace iago {

struct Stop {
  // A limit of the server's that ends with time: what is left can be asked later. Otherwise the
  // run ends with an error.
  bool is_limit = false;
  ErrorCode code = ErrorCode::unsupported;  // never invalid or not_found: the command was right
  std::string message, hint;
};

class StoppingRules {
 public:
  static constexpr std::size_t kMostInARow = 64;             // requests without a reply
  static constexpr std::size_t kAlikeInEveryArm = 4;         // prompts that are rejected alike
  static constexpr std::size_t kAlikeInAll = 8;              // the same
  static constexpr std::size_t kFirstRepliesInEveryArm = 2;  // prompts that are too long

  // `prompts`: how many different ones the session asks, by the arms that it asks in.
  // `has_completions`: earlier sessions left some.
  StoppingRules(std::map<WordingArm, std::size_t> prompts, bool has_completions);

  void answered();
  // After a failure; `prompt` is the prompt's number among all prompts. Absent: the run may ask
  // further.
  std::optional<Stop> failed(const WordingArm& told, std::size_t prompt,
                             const ChatFailure& failure);
  // After the last reply.
  std::optional<Stop> at_end() const;

 private:
  using PromptsByArm = std::map<WordingArm, std::set<std::size_t>>;

  bool in_every_arm(const PromptsByArm& found, std::size_t wanted) const;
  bool are_rejected_alike(const PromptsByArm& found) const;
  Stop stop_after_many() const;

  const std::map<WordingArm, std::size_t> prompts_;
  const bool has_completions_;
  std::size_t answered_ = 0, failed_ = 0;
  std::size_t in_a_row_ = 0;  // without a reply of any kind, rejections included
  ChatFailure last_;
  // Until a prompt is answered: those that were rejected, by status and message; and those of one
  // cause each that is the same for all prompts or for none.
  std::map<std::string, PromptsByArm> rejected_;
  std::map<OpenCause, PromptsByArm> first_;
};

// "the server's limit was reached: ... It ends at 2026-11-28T14:05:00Z.": what people are told of a
// limit, with its end where the server said when that is.
std::string limit_text(const ChatFailure& failure);

}  // namespace iago
