// What every implementation of ChatModel does to a reply, whatever it comes from: the failed reply,
// the prefill that is not repeated, and the end at a stop string.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "chat/chat_model.h"

namespace iago {

// The reply to a request that got none.
ChatReply failed_reply(ChatFailure failure);

// Takes the prefill off the reply's beginning, for models that repeat it.
void drop_repeated_prefill(ChatReply& reply, std::string_view prefill);

// Where in `text` the first of the stop strings begins; npos if none occurs. The first `searched`
// bytes are known to hold no whole stop string, so that a text that grows is searched once.
std::size_t find_stop(std::string_view text, std::span<const std::string> stop,
                      std::size_t searched = 0);

// Cuts the text at the first of the stop strings, and the tokens that said what is cut off. A token
// across the cut keeps its log-probability and what is left of it. A reply that had met the limit
// ends with Finish::stop then. True if something was cut.
bool cut_at_stop(ChatReply& reply, std::span<const std::string> stop);

}  // namespace iago
