// Secret: a key or password that shows itself only to who asks for it by name. Printed with fmt, a
// stream or JSON it is "***", so that it cannot slip into a log, an error, a report or the store.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <ostream>
#include <string>
#include <string_view>

namespace iago {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  // The value of an environment variable, without surrounding white space and without the invisible
  // characters that editors and web pages slip in: byte-order marks, zero-width characters,
  // no-break spaces, control characters. Empty if the variable is unset or empty.
  static Secret from_environment(const std::string& variable);
  // The content of a file of at most 64 KiB, cleaned in the same way; it may be UTF-16 with a
  // byte-order mark. Error not_found if the file does not exist, invalid if it is empty or too
  // long. The messages show the file's name, never its content.
  static Secret from_file(const std::filesystem::path& path);

  bool empty() const { return value_.empty(); }
  // Whether from_environment or from_file removed more than white space around it.
  bool was_cleaned() const { return was_cleaned_; }
  // The secret itself: for the header of a request and nothing else.
  const std::string& reveal() const { return value_; }

 private:
  std::string value_;
  bool was_cleaned_ = false;
};

inline constexpr std::string_view kHiddenSecret = "***";

inline std::ostream& operator<<(std::ostream& out, const Secret&) { return out << kHiddenSecret; }

// Found by nlohmann's lookup for any of its JSON types.
template <typename AnyJson>
void to_json(AnyJson& json, const Secret&) {
  json = std::string(kHiddenSecret);
}

}  // namespace iago

template <>
struct fmt::formatter<iago::Secret> : fmt::formatter<std::string_view> {
  template <typename Context>
  auto format(const iago::Secret&, Context& context) const {
    return fmt::formatter<std::string_view>::format(iago::kHiddenSecret, context);
  }
};
