// How long an error asks to wait, where its body says so and no header does. Private to the room.
#pragma once

#include <chrono>
#include <optional>

#include "chat/internal/vendor_error.h"

namespace iago {

// A member such as Google's retryDelay, else words: "Please try again in 7h12m0s", "retry after 20
// seconds". Nothing if it does not say, or for more than ten years.
std::optional<std::chrono::nanoseconds> stated_wait(const VendorError& error);

}  // namespace iago
