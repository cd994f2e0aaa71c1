#include "store/internal/sent_json.h"

#include "store/internal/column_json.h"

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
  return read_column(text, where, "what a session sent", [](const Json& json) {
    const auto one = [&](const char* key) { return json.at(key).get<std::string>(); };
    const auto list = [&](const char* key) { return json.at(key).get<std::vector<std::string>>(); };
    return std::optional(SentRecord{.base_url = one("base_url"),
                                    .extra_body = one("extra_body"),
                                    .header_names = list("header_names"),
                                    .sampling = one("sampling"),
                                    .left_out = list("left_out"),
                                    .notes = list("notes")});
  });
}

}  // namespace iago
