#include "reuse/internal/request_difference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>

#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kTextColumns = 60;  // shown of a text

// Of a long text only the head is made harmless; a column is at most four bytes, and white space
// shrinks.
std::string shown(std::string_view text) {
  return printable(text.substr(0, 8 * kTextColumns), kTextColumns);
}

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

struct TextDifference {
  std::string was, is;   // from the first different word on
  std::size_t word = 1;  // which it is
};

TextDifference text_difference(std::string_view was, std::string_view is) {
  auto at = static_cast<std::size_t>(std::ranges::mismatch(was, is).in1 - was.begin());
  while (at > 0 && !is_space(was[at - 1])) --at;
  TextDifference found{shown(was.substr(at)), shown(is.substr(at))};
  for (std::size_t i = 0; i < at; ++i) {
    if (!is_space(was[i]) && (i + 1 == at || is_space(was[i + 1]))) ++found.word;
  }
  return found;
}

}  // namespace

OtherRun other_run(const Store& store) {
  OtherRun run{&store, store.run(), {}};
  run.study = parse_study(run.row.study_toml, store.path().string() + ": its study");
  return run;
}

std::vector<FieldDifference> run_differences(const Plan& plan, const Study& study,
                                             const OtherRun& other) {
  std::vector<FieldDifference> found;
  if (other.row.subject_identity != plan.subject.identity) {
    auto text = [](const std::string& name, const std::string& identity) {
      return shown(fmt::format("{} ({:.12})", name, identity));
    };
    found.push_back({"subject", "", text(other.row.subject, other.row.subject_identity),
                     text(plan.subject.name, plan.subject.identity)});
  }
  auto compare = [&](const char* field, const auto& was, const auto& is) {
    if (was == is) return;
    found.push_back({field, "", shown(fmt::format("{}", was)), shown(fmt::format("{}", is))});
  };
  const StudySampling &was = other.study.sampling, &is = study.sampling;
  compare("temperature", was.temperature, is.temperature);
  compare("top_p", was.top_p, is.top_p);
  compare("top_k", was.top_k, is.top_k);
  compare("max_tokens", was.max_tokens, is.max_tokens);
  compare("stop", was.stop, is.stop);
  compare("seed", other.row.seed, study.seed);
  return found;
}

std::size_t first_different(const std::vector<MessageRow>& was, const std::vector<Message>& is) {
  std::size_t common = std::min(was.size(), is.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (was[i].role != name_of(is[i].role) || was[i].text != is[i].text) return i;
  }
  return was.size() == is.size() ? kAllSame : common;
}

FieldDifference query_difference(const std::string& query) {
  return {"query", "", "none that reads so", shown(query)};
}

FieldDifference message_difference(const PromptRow& was, const Prompt& is, std::size_t message) {
  const MessageRow* there = message < was.messages.size() ? &was.messages[message] : nullptr;
  const Message* here = message < is.messages.size() ? &is.messages[message] : nullptr;
  std::string role = here ? std::string(name_of(here->role)) : there ? there->role : "";
  std::string where = fmt::format("message {} ({})", message + 1, shown(role));
  if (!there || !here) {
    return {"messages", where, there ? shown(there->text) : "no such message",
            here ? shown(here->text) : "no such message"};
  }
  if (there->role != role) {
    return {"messages", where, "of the " + shown(there->role), "of the " + role};
  }
  TextDifference text = text_difference(there->text, here->text);
  return {"messages", fmt::format("{}, word {}", where, text.word), text.was, text.is};
}

FieldDifference prefill_difference(const std::string& was, const std::string& is) {
  TextDifference text = text_difference(was, is);
  return {"prefill", "", text.was, text.is};
}

FieldDifference repeat_difference(bool is_unplanned, std::uint32_t planned, int repeat) {
  return {"repeat", "",
          is_unplanned
              ? fmt::format("{} planned", planned)
              : "no completion that could be taken (none yet, failed, or taken for another trial)",
          fmt::format("number {}", repeat + 1)};
}

}  // namespace iago
