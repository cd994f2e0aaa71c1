#include "figures/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/error.h"
#include "figures/internal/json_parts.h"

namespace iago {
namespace {

constexpr std::size_t kMostLinks = 1000, kMostCounts = 1000;

// The fields of a stored check, or Error invalid that names the place.
class CheckFields {
 public:
  CheckFields(const Json& json, std::string place) : json_(json), place_(std::move(place)) {
    if (!json_.is_object()) fail("an object");
  }

  std::string text(const char* key) const {
    if (!json_.contains(key) || !json_[key].is_string()) fail(fmt::format("a text in \"{}\"", key));
    return json_[key].get<std::string>();
  }
  // Empty where it is null.
  std::string text_or_null(const char* key) const {
    return json_.contains(key) && json_[key].is_null() ? std::string() : text(key);
  }
  std::uint64_t number(const char* key) const {
    if (!json_.contains(key) || !json_[key].is_number_unsigned()) {
      fail(fmt::format("a whole number in \"{}\"", key));
    }
    return json_[key].get<std::uint64_t>();
  }
  bool truth(const char* key) const {
    if (!json_.contains(key) || !json_[key].is_boolean()) {
      fail(fmt::format("true or false in \"{}\"", key));
    }
    return json_[key].get<bool>();
  }
  const Json& list(const char* key, std::size_t most) const {
    if (!json_.contains(key) || !json_[key].is_array() || json_[key].size() > most) {
      fail(fmt::format("a list of at most {} in \"{}\"", most, key));
    }
    return json_[key];
  }
  template <typename Named>
  auto named(const char* key, Named named_as) const {
    const auto value = named_as(text(key));
    if (!value) fail(fmt::format("a known name in \"{}\"", key));
    return *value;
  }
  [[noreturn]] void fail(const std::string& expected) const {
    throw Error(ErrorCode::invalid, fmt::format("{}: expected {}", place_, expected),
                "It is no file of iago check, or a damaged one: remove it and check again.");
  }

 private:
  const Json& json_;
  const std::string place_;
};

CheckCount check_count_of(const CheckFields& fields) {
  CheckCount count{fields.text("name"), fields.number("count"), fields.number("of")};
  if (count.count > count.of) fields.fail("\"count\" of at most \"of\"");
  return count;
}

CheckedLink link_of(const CheckFields& fields, const std::string& place) {
  CheckedLink link{.link = fields.named("link", check_link_named),
                   .judge = fields.text_or_null("judge"),
                   .judge_hash = fields.text_or_null("judge_hash"),
                   .state = fields.named("state", link_state_named),
                   .why = fields.text("why"),
                   .hint = fields.text_or_null("hint"),
                   .counts = {}};
  for (const Json& count : fields.list("counts", kMostCounts)) {
    link.counts.push_back(check_count_of(CheckFields(count, place + ": counts")));
  }
  return link;
}

Json link_json(const CheckedLink& link) {
  Json counts = Json::array();
  for (const CheckCount& count : link.counts) {
    counts.push_back({{"name", count.name},
                      {"count", count.count},
                      {"of", count.of},
                      {"ci95", count.of == 0 ? Json() : json_of(count.ci95())}});
  }
  return {{"link", name_of(link.link)},
          {"judge", or_null(link.judge)},
          {"judge_hash", or_null(link.judge_hash)},
          {"state", name_of(link.state)},
          {"why", link.why},
          {"hint", or_null(link.hint)},
          {"counts", std::move(counts)}};
}

}  // namespace

std::string_view name_of(CheckLink link) {
  constexpr std::array<std::string_view, kCheckLinks.size()> kNames = {"form", "judge", "path",
                                                                       "comprehension"};
  return kNames[static_cast<std::size_t>(link)];
}

std::optional<CheckLink> check_link_named(std::string_view name) {
  const auto found =
      std::ranges::find(kCheckLinks, name, [](CheckLink link) { return name_of(link); });
  return found == kCheckLinks.end() ? std::nullopt : std::optional(*found);
}

std::string_view name_of(LinkState state) {
  constexpr std::array<std::string_view, kLinkStates.size()> kNames = {"works", "weak", "broken",
                                                                       "not_tested"};
  return kNames[static_cast<std::size_t>(state)];
}

std::optional<LinkState> link_state_named(std::string_view name) {
  const auto found =
      std::ranges::find(kLinkStates, name, [](LinkState state) { return name_of(state); });
  return found == kLinkStates.end() ? std::nullopt : std::optional(*found);
}

Interval CheckCount::ci95() const {
  return clopper_pearson(static_cast<double>(count), static_cast<double>(of));
}

bool CheckReport::has(LinkState state) const {
  return std::ranges::any_of(links, [&](const CheckedLink& link) { return link.state == state; });
}

Json to_json(const CheckReport& report) {
  Json judges = Json::array(), links = Json::array();
  for (const CheckedJudge& judge : report.judges) {
    judges.push_back({{"name", judge.name}, {"hash", judge.hash}, {"kind", text_of(judge.kind)}});
  }
  for (const CheckedLink& link : report.links) links.push_back(link_json(link));
  return {{"schema", kCheckSchema},
          {"id", report.id},
          {"model", report.model},
          {"identity", report.identity},
          {"study", report.study},
          {"setting", report.setting},
          {"setting_hash", report.setting_hash},
          {"channel", report.channel},
          {"program", report.program},
          {"created_ns", static_cast<std::uint64_t>(report.created.count())},
          {"complete", report.is_complete},
          {"judges", std::move(judges)},
          {"links", std::move(links)}};
}

CheckReport parse_check(std::string_view json, std::string_view where) {
  const std::string place(where);
  const Json parsed = parse_json(json, where, {.bytes = std::size_t{4} << 20, .depth = 8});
  const CheckFields fields(parsed, place);
  if (fields.number("schema") != kCheckSchema) {
    fields.fail(fmt::format("\"schema\" {}", kCheckSchema));
  }
  CheckReport report{.id = fields.text("id"),
                     .model = fields.text("model"),
                     .identity = fields.text("identity"),
                     .study = fields.text("study"),
                     .setting = fields.text("setting"),
                     .setting_hash = fields.text("setting_hash"),
                     .channel = fields.text("channel"),
                     .judges = {},
                     .links = {},
                     .program = fields.text("program"),
                     .is_complete = fields.truth("complete")};
  const std::uint64_t created = fields.number("created_ns");
  if (created > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    fields.fail("a time in \"created_ns\"");
  }
  report.created = std::chrono::nanoseconds(static_cast<std::int64_t>(created));
  for (const Json& judge : fields.list("judges", kMostLinks)) {
    const CheckFields own(judge, place + ": judges");
    report.judges.push_back({own.text("name"), own.text("hash"), own.named("kind", judge_kind_in)});
  }
  for (const Json& link : fields.list("links", kMostLinks)) {
    report.links.push_back(link_of(CheckFields(link, place + ": links"), place + ": links"));
  }
  return report;
}

Json to_json(const CheckPlanFigures& plan) {
  Json stages = Json::array();
  for (const CheckStage& stage : plan.stages) {
    stages.push_back({{"link", name_of(stage.link)},
                      {"model", stage.model},
                      {"requests", stage.requests},
                      {"prompt_tokens", stage.prompt_tokens},
                      {"most_generated", stage.most_generated},
                      {"least_cost", or_null(stage.least_cost)},
                      {"most_cost", or_null(stage.most_cost)}});
  }
  return {{"folder", plan.folder}, {"model", plan.model}, {"study", plan.study},
          {"judges", plan.judges}, {"stages", stages},    {"replies_stored", plan.replies_stored}};
}

}  // namespace iago
