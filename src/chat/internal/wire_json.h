// Reading the JSON of replies: lenient about what vendors vary in, strict about nothing that a
// reply can do without. Private to the room.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace iago {

// A document of a reply. Bytes that are not UTF-8 are carried through the parser, which rejects
// them, as private code points, and `bytes_of` gives them back; lone surrogates in \u escapes
// become U+FFFD. Beyond that: Error invalid as parse_json, with `where` in it. Keys are sorted,
// since a reply may hold very many.
class ReplyJson {
 public:
  ReplyJson(std::string_view text, std::string_view where);
  ~ReplyJson();
  const nlohmann::json& root() const { return *root_; }
  // The bytes of a string of this document, as they came.
  std::string bytes_of(const nlohmann::json& string) const;

 private:
  std::unique_ptr<nlohmann::json> root_;
  bool carried_ = false;  // there are private code points that stand for bytes
};

// The member `key` of an object; null where there is none or `value` is no object.
const nlohmann::json& member(const nlohmann::json& value, std::string_view key);
// A count of tokens: 0 unless a number in [0, 2^53].
std::uint64_t count_of(const nlohmann::json& value);
// The first bytes of a body on one line, for messages.
std::string excerpt_of(std::string_view body);

}  // namespace iago
