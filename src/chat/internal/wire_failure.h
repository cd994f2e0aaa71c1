// The failures that both vendors' protocols share, and what they ask for. Private to the room.
#pragma once

#include <string>
#include <string_view>

#include "chat/internal/wire.h"

namespace iago {

// What an error's body says of itself; all may be empty.
struct VendorError {
  std::string type, code, message, param;
  bool flagged = false;  // it quotes what of the prompt its moderation did not let pass
};

// An outcome without a reply. `ends_run`: nothing further can succeed.
WireOutcome failed(Remedy remedy, ErrorCode code, std::string message, std::string hint = {},
                   bool ends_run = false);

// An error by its status (0: an error inside of a stream, told by type and code alone) and body.
// Refusals by policy and prompts beyond the context are replies.
WireOutcome outcome_of_error(int status, const VendorError& error);

// A response that is not what the protocol promises: retried.
WireOutcome broken_reply(std::string message, std::string hint = {});

// Says what a body that is no JSON is: a page of HTML, half a document, something else.
WireOutcome not_json(std::string_view body, std::string_view why);

}  // namespace iago
