// Which errors say that the provider's policy did not let a prompt or its reply pass: that is a
// refusal and counts, where any other error leaves the trial open. Private to the room.
#pragma once

#include "chat/internal/vendor_error.h"

namespace iago {

// `status` of HTTP, 0 for an error inside of a reply.
bool is_refusal_by_policy(int status, const VendorError& error);

}  // namespace iago
