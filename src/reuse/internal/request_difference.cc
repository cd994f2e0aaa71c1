#include "reuse/internal/request_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "study/study_fields.h"
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

namespace {

// What every request of a run has in common.
std::vector<NamedField> request_fields(const std::string& subject, const std::string& identity,
                                       const Sampling& sampling, std::uint64_t seed) {
  std::vector<NamedField> fields = {
      {"subject", identity, fmt::format("{} ({:.12})", subject, identity)}};
  for (NamedField& field : sampling_fields(sampling)) fields.push_back(std::move(field));
  fields.push_back(plain_field("seed", fmt::format("{}", seed)));
  for (NamedField& field : fields) field.shown = shown(field.shown);
  return fields;
}

}  // namespace

std::vector<FieldDifference> run_differences(const Plan& plan, const Study& study,
                                             const OtherRun& other) {
  return differing_fields(
      request_fields(other.row.subject, other.row.subject_identity, other.study.sampling,
                     other.row.seed),
      request_fields(plan.subject.name, plan.subject.identity, study.sampling, study.seed));
}

std::size_t first_different(const std::vector<Message>& was, const std::vector<Message>& is) {
  std::size_t common = std::min(was.size(), is.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (was[i] != is[i]) return i;
  }
  return was.size() == is.size() ? kAllSame : common;
}

FieldDifference query_difference(const std::string& query) {
  return {"query", "", "no query with this text", shown(query)};
}

FieldDifference message_difference(const PromptRow& was, const Prompt& is, std::size_t message) {
  const Message* there = message < was.messages.size() ? &was.messages[message] : nullptr;
  const Message* here = message < is.messages.size() ? &is.messages[message] : nullptr;
  const std::string_view role = here ? name_of(here->role) : there ? name_of(there->role) : "";
  std::string where = fmt::format("message {} ({})", message + 1, role);
  if (!there || !here) {
    return {"messages", where, there ? shown(there->text) : "no such message",
            here ? shown(here->text) : "no such message"};
  }
  if (there->role != here->role) {
    return {"messages", where, fmt::format("of the {}", name_of(there->role)),
            fmt::format("of the {}", role)};
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
              : "no completion to take (not sampled yet, open, or taken for another trial)",
          fmt::format("number {}", repeat + 1)};
}

}  // namespace iago
