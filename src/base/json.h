// JSON at the edges. Key order is kept (it is hashed in places), text that is not UTF-8 is written
// with U+FFFD in its place (models do emit it), and every document from outside is parsed under a
// limit of size and depth. Include <nlohmann/json.hpp> in the .cc that reads fields.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace iago {

using Json = nlohmann::ordered_json;

struct JsonLimits {
  std::size_t bytes = std::size_t{256} << 20;
  std::size_t depth = 64;
};

// Parses one document. Error invalid that names `where` (a file or request), the line and column.
// Duplicate keys in an object are an error.
Json parse_json(std::string_view text, std::string_view where, JsonLimits limits = {});

// Reads a file that this program wrote, up to `limit` bytes. Errors: those of read_file, and
// corrupt if it is not valid JSON.
Json read_own_json(const std::filesystem::path& file, std::size_t limit);

// The same as parse_json with the keys of every object sorted: for objects of very many keys. (Json
// looks through all earlier keys for each new one.)
nlohmann::json parse_sorted_json(std::string_view text, std::string_view where,
                                 JsonLimits limits = {});

// One line without an indent, several with. Never throws on text.
std::string dump_json(const Json& value, int indent = -1);

}  // namespace iago
