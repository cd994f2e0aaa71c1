// What the body of an error says, in whatever shape vendors, frameworks and proxies put it. Private
// to the room.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chat/internal/wire_json.h"

namespace iago {

struct VendorError {
  std::string message;              // the text for people; empty if there is none
  std::string codes;                // types, codes and names of states, one a line
  std::string more;                 // texts of the errors inside of it, one a line
  std::vector<std::string> fields;  // of the request that it complains of, as it names them
  // Counts that stand as numbers beside the message (llama.cpp).
  std::optional<std::uint64_t> prompt_tokens, context_tokens;
  std::string wait;           // "34s", "12": how long to wait (Google's retryDelay), or empty
  std::optional<int> status;  // that the error claims for itself
  bool flagged = false;       // it quotes what of the prompt its moderation did not let pass
  bool page = false;          // the body is a web page: a proxy's, not the server's

  // All of its words in lower case.
  std::string said() const;
};

// An error as the body of a response: JSON in any shape, a page of HTML or plain text. Never
// throws.
VendorError read_vendor_error(std::string_view body);
// An error as a value of a reply: an object, an array or a string.
VendorError vendor_error_in(const ReplyJson& document, const nlohmann::json& error);

// Does the text hold any of these phrases?
bool says_any(std::string_view text, std::span<const std::string_view> phrases);

}  // namespace iago
