#include "base/secret.h"

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"

namespace iago {
namespace {

constexpr std::size_t kMaxFileBytes = 64 << 10;
constexpr std::string_view kSpace = " \t\r\n\v\f";

std::string trimmed(std::string_view text) {
  auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpace) - first + 1));
}

}  // namespace

Secret Secret::from_environment(const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  return Secret(value == nullptr ? std::string() : trimmed(value));
}

Secret Secret::from_file(const std::filesystem::path& path) {
  Secret secret(trimmed(read_file(path, kMaxFileBytes)));
  if (secret.empty()) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: expected a key, found an empty file", path.string()));
  }
  return secret;
}

std::string Secret::hide_in(std::string_view text) const {
  std::string hidden(text);
  if (empty()) return hidden;
  for (auto at = hidden.find(value_); at != std::string::npos;
       at = hidden.find(value_, at + kHiddenSecret.size())) {
    hidden.replace(at, value_.size(), kHiddenSecret);
  }
  return hidden;
}

}  // namespace iago
