#include "store/internal/verdict_json.h"

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/json.h"

namespace iago {
namespace {

constexpr std::string_view kEmptyArray = "[]";  // what a rule judge leaves: worth no parser
constexpr std::size_t kRationaleDepth = 3;

Vote vote_of(const Json& json) {
  const auto outcome = verdict_outcome_named(json.at("outcome").get_ref<const std::string&>());
  if (!outcome) throw Error(ErrorCode::invalid, "an outcome that is not valid");
  return {*outcome, json.at("label").get<std::string>(), json.at("reply").get<std::string>(),
          json.value("note", std::string())};
}

Evidence quote_of(const Json& json) {
  const auto part = view_part_named(json.at("part").get_ref<const std::string&>());
  if (!part) throw Error(ErrorCode::invalid, "a part of a completion that is not valid");
  if (!json.at("offset").is_number_unsigned()) {
    throw Error(ErrorCode::invalid, "an offset that is not valid");
  }
  return {json.at("criterion").get<std::string>(), *part, json.at("quote").get<std::string>(),
          json.at("offset").get<std::size_t>()};
}

template <typename Element>
std::vector<Element> read_array(std::string_view text, const std::string& where,
                                std::string_view what, Element (*read_one)(const Json&)) {
  std::vector<Element> all;
  if (text == kEmptyArray) return all;
  const auto refuse = [&](const char* why) {
    return Error(ErrorCode::corrupt, fmt::format("{}: a verdict's {}: {}", where, what, why),
                 "the file was damaged or edited; restore it from a copy");
  };
  try {
    const Json json = parse_json(text, what, {.depth = kRationaleDepth});
    if (!json.is_array()) throw Error(ErrorCode::invalid, "expected an array");
    for (const Json& one : json) all.push_back(read_one(one));
  } catch (const Error& error) {
    throw refuse(error.what());
  } catch (const Json::exception& error) {
    throw refuse(error.what());
  }
  return all;
}

}  // namespace

std::string votes_json(const std::vector<Vote>& votes) {
  if (votes.empty()) return std::string(kEmptyArray);
  Json json = Json::array();
  for (const Vote& vote : votes) {
    Json one{{"outcome", name_of(vote.outcome)}, {"label", vote.label}, {"reply", vote.reply}};
    if (!vote.note.empty()) one["note"] = vote.note;
    json.push_back(std::move(one));
  }
  return dump_json(json);
}

std::string evidence_json(const std::vector<Evidence>& evidence) {
  if (evidence.empty()) return std::string(kEmptyArray);
  Json json = Json::array();
  for (const Evidence& quote : evidence) {
    json.push_back({{"criterion", quote.criterion},
                    {"part", name_of(quote.part)},
                    {"quote", quote.quote},
                    {"offset", quote.offset}});
  }
  return dump_json(json);
}

std::vector<Vote> votes_of(std::string_view json, const std::string& where) {
  return read_array<Vote>(json, where, "votes", vote_of);
}

std::vector<Evidence> evidence_of(std::string_view json, const std::string& where) {
  return read_array<Evidence>(json, where, "evidence", quote_of);
}

}  // namespace iago
