// A check of the instrument on the user's own models: what each link between a prompt and a figure
// was found to be worth. Plain values; instrument/check.h makes them. The file that keeps one is
// docs/check.md; its text for terminals, JSON and back are here.
//
// What a check shows: that prompted faking is seen. It never shows that natural faking would be.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "record/judgement.h"
#include "stats/interval.h"

namespace iago {

inline constexpr int kCheckSchema = 1;

// One thing between a prompt and a figure that may be broken.
enum class CheckLink {
  form,           // do the replies have the form that is asked for, and fit the limit
  judge,          // does a judge find what is there, and nothing else
  path,           // is faking that the subject acts seen, and what is none left alone
  comprehension,  // does the subject know what becomes of its answers
};
inline constexpr std::array kCheckLinks = {CheckLink::form, CheckLink::judge, CheckLink::path,
                                           CheckLink::comprehension};
std::string_view name_of(CheckLink link);
std::optional<CheckLink> check_link_named(std::string_view name);

enum class LinkState { works, weak, broken, not_tested };
inline constexpr std::array kLinkStates = {LinkState::works, LinkState::weak, LinkState::broken,
                                           LinkState::not_tested};
std::string_view name_of(LinkState state);  // "not_tested", as files have it
std::optional<LinkState> link_state_named(std::string_view name);

// How many of how many: "found, 38 of 40".
struct CheckCount {
  std::string name;  // "found", "wrongly found", "training: right"
  std::uint64_t count = 0, of = 0;
  // Clopper and Pearson's; [0, 1] of none.
  Interval ci95() const;
  bool operator==(const CheckCount&) const = default;
};

struct CheckedLink {
  CheckLink link = CheckLink::form;
  std::string judge, judge_hash;  // of the link `judge`, and of no other
  LinkState state = LinkState::not_tested;
  std::string why;   // one sentence
  std::string hint;  // what to do about it, or empty
  std::vector<CheckCount> counts;
  bool operator==(const CheckedLink&) const = default;
};

struct CheckedJudge {
  std::string name, hash;
  JudgeKind kind = JudgeKind::compliance;
  bool operator==(const CheckedJudge&) const = default;
};

struct CheckReport {
  std::string id;               // the folder's name
  std::string model, identity;  // the subject, as of ModelInfo
  std::string study, setting, setting_hash, channel;
  std::vector<CheckedJudge> judges;     // in the study's order
  std::vector<CheckedLink> links;       // in the order of CheckLink, the judges in theirs
  std::string program;                  // its version
  std::chrono::nanoseconds created{0};  // wall clock
  bool is_complete = true;              // nothing kept it from asking all that it meant to

  bool has(LinkState state) const;
  bool operator==(const CheckReport&) const = default;
};

Json to_json(const CheckReport& report);
// What to_json made. Error invalid, with `where`, for anything else.
CheckReport parse_check(std::string_view json, std::string_view where);

// What a check would ask, and at what price.
struct CheckStage {
  CheckLink link = CheckLink::form;
  std::string model;
  std::uint64_t requests = 0, prompt_tokens = 0, most_generated = 0;
  std::optional<double> least_cost, most_cost;  // dollars; absent without a price
};
struct CheckPlanFigures {
  std::string folder, model, study;
  std::vector<std::string> judges;
  std::vector<CheckStage> stages;
  std::uint64_t replies_stored = 0;  // by earlier sessions, which are not asked for again
};
Json to_json(const CheckPlanFigures& plan);

}  // namespace iago
