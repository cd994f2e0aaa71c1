// One way of asking for one fact: requests, how each reply is read, and the row that comes of it.
// Private to the room.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "instrument/belief.h"

namespace iago {

struct BeliefRequest {
  std::size_t cluster = 0;
  ChatRequest request;
  // Whether a reply agrees with the fact; nothing if it is not clear. Unset: the judge reads it.
  std::function<std::optional<bool>(const ChatReply&)> read;
  // For the judge: the question with both answers, and whether it reads the scratchpad.
  std::string judged_query;
  bool judges_scratchpad = false;
};

// What is scored in place of being asked: two answers to one prompt.
struct BeliefPair {
  std::vector<Message> messages;
  std::string fact, opposite;
};

// Asks all of them and counts. `row` says what is asked. Error cancelled when stopped.
BeliefRow ask_row(BeliefRow row, std::size_t clusters, const std::vector<BeliefRequest>& requests,
                  ChatModel& model, const BeliefOptions& options, const Clock& clock);

// One pair for each cluster.
BeliefRow score_row(BeliefRow row, const std::vector<BeliefPair>& pairs, TokenModel& model);

// The answer of a choice between A and B, or of a question that is true or false: the first of the
// two words if the reply begins with it, or holds it and not the other; nothing else is clear.
enum class OneOf { first, second };
std::optional<OneOf> read_one_of(std::string_view reply, std::string_view first,
                                 std::string_view second);

}  // namespace iago
