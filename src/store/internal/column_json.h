// Reading a column that holds JSON. Private to this room.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/json.h"

namespace iago {

// What a column holds, as `read` makes it of its JSON. Error corrupt that names the file `where`
// and `what` the column is, if it is no JSON or `read` throws: what is not as it was written is
// damage.
template <typename Read>
auto read_column(std::string_view text, const std::string& where, std::string_view what, Read read,
                 std::size_t depth = 2) {
  const auto refuse = [&](const char* why) {
    return Error(ErrorCode::corrupt, fmt::format("{}: {}: {}", where, what, why),
                 "the file was damaged or edited; restore it from a copy");
  };
  try {
    return read(parse_json(text, what, {.depth = depth}));
  } catch (const Error& error) {
    throw refuse(error.what());
  } catch (const Json::exception& error) {
    throw refuse(error.what());
  }
}

}  // namespace iago
