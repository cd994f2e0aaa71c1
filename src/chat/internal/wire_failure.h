// The failures that both vendors' protocols share, and what they ask for. Private to the room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/internal/vendor_error.h"
#include "chat/internal/wire.h"

namespace iago {

// An outcome without a reply. `ends_run`: nothing further can succeed.
WireOutcome failed(Remedy remedy, OpenCause cause, ErrorCode code, std::string message,
                   std::string hint = {}, bool ends_run = false);

// A reply that the provider's policy refused; `says` is its message.
WireOutcome refused_reply(std::string_view says, std::string_view reason = {});

// An error by its status (0: an error inside of a reply, told by what it says alone) and body.
// Refusals by policy are replies.
WireOutcome outcome_of_error(int status, const VendorError& error);

// A response that is not what the protocol promises: retried.
WireOutcome broken_reply(std::string message, std::string hint = {});

// A reply whose reason for its end is not known, or that names none (empty): retried once.
WireOutcome unknown_finish(std::string_view reason);
// A stream that ended without a reason and without its end mark: it may have been cut.
WireOutcome unfinished_stream();

// Sets the reply's finish by its finish_reason; absent then, or why the reply cannot be used.
std::optional<WireOutcome> decide_finish(ChatReply& reply, const FinishWords& words);

// Says what a body that is no JSON is: a page of HTML, half a document, something else.
WireOutcome not_json(std::string_view body, std::string_view why);

}  // namespace iago
