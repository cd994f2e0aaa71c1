#include "store/internal/sent_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"

namespace iago {

std::string text_of(const std::optional<SentRecord>& sent) {
  if (!sent) return {};
  return dump_json(Json{{"base_url", sent->base_url},
                        {"extra_body", sent->extra_body},
                        {"header_names", sent->header_names},
                        {"sampling", sent->sampling},
                        {"left_out", sent->left_out},
                        {"notes", sent->notes}});
}

std::optional<SentRecord> sent_of(std::string_view text, const std::string& where) {
  if (text.empty()) return std::nullopt;
  const auto refuse = [&](const char* why) {
    return Error(ErrorCode::corrupt, fmt::format("{}: what a session sent: {}", where, why),
                 "the file was damaged or edited; restore it from a copy");
  };
  try {
    const Json json = parse_json(text, "a session", {.depth = 2});
    const auto one = [&](const char* key) { return json.at(key).get<std::string>(); };
    const auto list = [&](const char* key) { return json.at(key).get<std::vector<std::string>>(); };
    return SentRecord{.base_url = one("base_url"),
                      .extra_body = one("extra_body"),
                      .header_names = list("header_names"),
                      .sampling = one("sampling"),
                      .left_out = list("left_out"),
                      .notes = list("notes")};
  } catch (const Error& error) {
    throw refuse(error.what());
  } catch (const Json::exception& error) {
    throw refuse(error.what());
  }
}

}  // namespace iago
