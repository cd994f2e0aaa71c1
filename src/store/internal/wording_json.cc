#include "store/internal/wording_json.h"

#include <cmath>
#include <limits>

#include "store/internal/column_json.h"
#include "store/rows.h"

namespace iago {

std::string text_of(const Circumstances& circumstances) {
  Json json = Json::object();
  for (const auto& [name, is_so] : circumstances) json[name] = is_so;
  return dump_json(json);
}

std::string text_of(const std::optional<PublishedRow>& published) {
  if (!published) return {};
  const PublishedRow& row = *published;
  return dump_json(Json{{"source", row.source},
                        {"row", row.row},
                        {"name", row.name},
                        {"faking_reasoning", {row.faking_reasoning, row.faking_reasoning_se}},
                        {"more", {row.more, row.more_se}},
                        {"less", {row.less, row.less_se}},
                        {"gap_points", {row.gap_points, row.gap_se}}});
}

Circumstances circumstances_of(std::string_view text, const std::string& where) {
  return read_column(text, where, "an arm's circumstances", [](const Json& json) {
    Circumstances circumstances;
    if (!json.is_object()) throw Error(ErrorCode::corrupt, "not an object");
    for (const auto& [name, is_so] : json.items()) circumstances[name] = is_so.get<bool>();
    return circumstances;
  });
}

std::optional<PublishedRow> published_of(std::string_view text, const std::string& where) {
  if (text.empty()) return std::nullopt;
  return read_column(text, where, "a wording's published row", [](const Json& json) {
    auto pair = [&](const char* key, double& value, double& error) {
      value = json.at(key).at(0).get<double>(), error = json.at(key).at(1).get<double>();
    };
    PublishedRow row{.source = json.at("source").get<std::string>(),
                     .name = json.at("name").get<std::string>()};
    pair("faking_reasoning", row.faking_reasoning, row.faking_reasoning_se);
    pair("more", row.more, row.more_se);
    pair("less", row.less, row.less_se);
    pair("gap_points", row.gap_points, row.gap_se);
    const auto place = json.at("row").get<double>();  // a wild one does not fit an int
    if (!(std::abs(place) <= std::numeric_limits<int>::max()) || !is_published(row)) {
      throw Error(ErrorCode::corrupt, "figures that are not valid");
    }
    row.row = static_cast<int>(place);
    return row;
  });
}

}  // namespace iago
