// Three hashes, each over named fields in a fixed order. The request's is over what is sent:
// messages, prefill, sampling, seed. A trial's adds who is asked and which place in the study the
// request has, so that the same request in two arms makes two trials. A study's is over what a run
// may never change; what may be raised later (repeats, --limit, a choice of arms and wordings) is
// left out, so that raising it continues the run.
//
// Trials are made query by query, within it by wording, arm and repeat: a run that is cut off has
// whole queries, with data in all wordings and arms, but for the last few. Others rely on it that a
// prompt's repeats stand together.
#include "study/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "base/model_name.h"
#include "study/internal/compose.h"
#include "study/names.h"

namespace iago {
namespace {

constexpr std::size_t kMaxTrials = 20'000'000;
constexpr std::size_t kMaxPromptBytes = std::size_t{4} << 30;  // of all prompts together
constexpr std::size_t kRunIdDigits = 8;

// Hashes named fields, each name and value behind its length, so that no two lists of fields give
// the same bytes.
class FieldHash {
 public:
  explicit FieldHash(std::string_view what) { add(what, "1"); }

  void add(std::string_view name, std::string_view value) { hasher_.field(name).field(value); }
  void add(std::string_view name, std::uint64_t value) { add(name, std::to_string(value)); }
  // The shortest text that reads back as the same number.
  void add(std::string_view name, double value) { add(name, fmt::format("{}", value)); }
  void add(std::string_view name, const std::vector<std::string>& values) {
    add(name, values.size());
    for (const std::string& value : values) hasher_.field(value);
  }
  void add(const Sampling& sampling) {
    add("temperature", sampling.temperature);
    add("top_p", sampling.top_p);
    add("top_k", static_cast<std::uint64_t>(sampling.top_k));
    add("max_tokens", static_cast<std::uint64_t>(sampling.max_tokens));
    add("stop", sampling.stop);
  }
  void add(const Prompt& prompt) {
    add("messages", prompt.messages.size());
    for (const Message& message : prompt.messages) {
      hasher_.field(static_cast<std::uint64_t>(message.role)).field(message.text);
    }
    add("prefill", prompt.prefill);
  }
  std::string hex() { return hasher_.hex(); }

 private:
  Hasher hasher_;
};

// What a person would call the subject: "faker" for organism:faker, "local-tiny" for
// local:checkpoints/tiny. Of all kinds but organisms the kind comes first: the same name may be
// that of a world, an organism and a server's model.
std::string short_name(std::string_view subject) {
  while (subject.ends_with('/')) subject.remove_suffix(1);
  const std::string name(subject.substr(subject.find_last_of(":/") + 1));
  const auto colon = subject.find(':');
  if (colon == subject.npos || subject.starts_with("organism:")) return name;
  return fmt::format("{}-{}", subject.substr(0, colon), name);
}

std::string for_folder_name(std::string text) {
  constexpr std::size_t kMaxBytes = 60;
  for (char& c : text) {
    bool keeps = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '.' || c == '-' || c == '+';
    if (!keeps) c = '_';
  }
  return text.substr(0, kMaxBytes);
}

void check_size(const Study& study, std::size_t queries, std::size_t pairs) {
  auto repeats = static_cast<std::size_t>(study.repeats);
  if (queries * pairs <= kMaxTrials / repeats) return;
  throw Error(
      ErrorCode::invalid,
      fmt::format("the study \"{}\" has {} queries x {} arms of {} wordings x {} repeats, at "
                  "most {} trials can be planned",
                  study.name, queries, pairs, study.wordings.size(), repeats, kMaxTrials),
      "Lower --limit or --repeats, or choose fewer wordings.");
}

std::size_t bytes_of(const Prompt& prompt) {
  std::size_t bytes = prompt.prefill.size();
  for (const Message& message : prompt.messages) bytes += message.text.size();
  return bytes;
}

// A wording and an arm, and what their prompts are made of.
struct Told {
  WordingArm told;
  Composition composed;
};

PlannedPrompt plan_prompt(const Study& study, const Setting& setting, const Told& told,
                          const Query& query, std::size_t index) {
  Prompt prompt = render_prompt(setting, told.composed, query);
  std::string hash = request_hash(prompt, study.sampling, study.seed);
  return {std::move(prompt), told.told.wording, told.told.arm, index, std::move(hash)};
}

// The wordings and arms that the study asks every query in: the study's order.
std::vector<Told> wording_arms(const Study& study, const Setting& setting) {
  std::vector<Told> pairs;
  for (const std::string& wording : study.wordings) {
    for (const std::string& arm : study.arms) {
      if (!has_arm(setting, wording, arm)) continue;
      pairs.push_back({{wording, arm}, compose(setting, study.channel, wording, arm)});
    }
  }
  return pairs;
}

std::vector<WordingArm> lacking_arms(const Study& study, const Setting& setting) {
  std::vector<WordingArm> lacking;
  for (const std::string& wording : study.wordings) {
    for (const std::string& arm : study.arms) {
      if (!has_arm(setting, wording, arm)) lacking.push_back({wording, arm});
    }
  }
  return lacking;
}

void check_prompt_bytes(const Study& study, std::size_t bytes) {
  if (bytes <= kMaxPromptBytes) return;
  throw Error(ErrorCode::invalid,
              fmt::format("the study \"{}\" has more than {} bytes of prompts", study.name,
                          kMaxPromptBytes),
              "Lower --limit, or use a channel with a shorter prompt.");
}

// A rubric's path without its folder, which differs between machines; what the rubric says is in
// the hash of the judge. Judges that the setting names follow the wordings, whose choice is open.
std::vector<std::string> names_of_judges(const Study& study, const Setting& setting) {
  std::vector<std::string> names;
  for (std::string judge : study.judges) {
    const std::string_view name = rubric_in_judge_name(judge);
    if (names_judge(setting, name)) judge.replace(0, name.size(), kSettingsJudge);
    auto end = judge.find(".toml");
    auto slash = end == std::string::npos ? end : judge.rfind('/', end);
    if (slash != std::string::npos) judge.erase(0, slash + 1);
    if (std::ranges::count(names, judge) == 0) names.push_back(std::move(judge));
  }
  return names;
}

// Every arm of the setting's own prompt, chosen or not, with the query's text left open: a change
// in any block of it makes another run.
void add_prompts(const Setting& setting, std::string_view channel, FieldHash& hash) {
  const Query open{.text = "{{query}}"};
  for (const std::string& arm : arms_with_wording(setting, kDefaultWording)) {
    hash.add("arm", arm);
    hash.add(render_prompt(setting, channel, kDefaultWording, arm, open));
  }
}

}  // namespace

std::string request_hash(const Prompt& prompt, const Sampling& sampling, std::uint64_t seed) {
  FieldHash hash("request");
  hash.add(prompt);
  hash.add(sampling);
  hash.add("seed", seed);
  return hash.hex();
}

std::string trial_id(std::string_view request_hash, std::string_view subject_identity,
                     std::string_view setting, std::string_view wording, std::string_view arm,
                     std::string_view query_id, int repeat) {
  FieldHash hash("trial");
  hash.add("request", request_hash);
  hash.add("subject", subject_identity);
  hash.add("setting", setting);
  hash.add("wording", wording);
  hash.add("arm", arm);
  hash.add("query", query_id);
  hash.add("repeat", static_cast<std::uint64_t>(repeat));
  return hash.hex();
}

std::string setting_hash(const Setting& setting, std::string_view channel) {
  FieldHash hash("setting");
  add_prompts(setting, channel, hash);
  return hash.hex();
}

std::string study_hash(const Study& study, const Setting& setting, const Subject& subject) {
  FieldHash hash("study");
  hash.add("name", study.name);
  hash.add("subject", subject.identity);
  hash.add("setting", setting.name);
  add_prompts(setting, study.channel, hash);
  hash.add("parameters", study.parameters.size());
  for (const auto& [name, value] : study.parameters) hash.add(name, value);
  hash.add("channel", study.channel);
  hash.add("queries", study.queries.filename().string());
  if (!study.text_column.empty()) hash.add("text_column", study.text_column);
  if (!study.where.empty()) hash.add("where", study.where);
  if (study.sample_seed) hash.add("sample_seed", *study.sample_seed);
  hash.add("seed", study.seed);
  hash.add(study.sampling);
  hash.add("margin", study.margin);
  hash.add("contrasts", study.contrasts);
  hash.add("judges", names_of_judges(study, setting));
  if (!study.judge_model.empty()) hash.add("judge_model", study.judge_model);
  return hash.hex();
}

std::string run_id(const Study& study, const Subject& subject, std::string_view study_hash) {
  std::string name = fmt::format("{}-{}", study.name, for_folder_name(short_name(subject.name)));
  return fmt::format("{}-{}", name, study_hash.substr(0, kRunIdDigits));
}

// The prompts are made one after the other and none is kept, nor hashed: neither their memory nor
// the hashes, which take most of the time, are needed for their number and length.
PlanOutline outline_plan(const Study& study, const Setting& setting,
                         const std::vector<Query>& queries, const Subject& subject) {
  PlanOutline outline{.subject = subject};
  outline.run_id = run_id(study, subject, study_hash(study, setting, subject));
  outline.queries = study.asked_of(queries.size());
  const std::vector<Told> pairs = wording_arms(study, setting);
  check_size(study, outline.queries, pairs.size());
  for (const Told& told : pairs) outline.asked.push_back(told.told);
  outline.lacking = lacking_arms(study, setting);
  const auto repeats = static_cast<std::size_t>(study.repeats);
  outline.trials = outline.queries * pairs.size() * repeats;
  std::size_t bytes = 0;
  for (std::size_t q = 0; q < outline.queries; ++q) {
    for (const Told& told : pairs) {
      bytes += bytes_of(render_prompt(setting, told.composed, queries[q]));
    }
    check_prompt_bytes(study, bytes);
  }
  outline.prompt_bytes = bytes * repeats;
  return outline;
}

Plan make_plan(const Study& study, const Setting& setting, const std::vector<Query>& queries,
               const Subject& subject) {
  Plan plan{.study_hash = study_hash(study, setting, subject), .subject = subject};
  plan.run_id = run_id(study, subject, plan.study_hash);
  const std::size_t count = study.asked_of(queries.size());
  const std::vector<Told> pairs = wording_arms(study, setting);
  check_size(study, count, pairs.size());
  plan.queries.assign(queries.begin(), queries.begin() + static_cast<std::ptrdiff_t>(count));
  plan.prompts.reserve(count * pairs.size());
  plan.trials.reserve(plan.prompts.capacity() * static_cast<std::size_t>(study.repeats));
  std::size_t bytes = 0;
  for (std::size_t q = 0; q < count; ++q) {
    for (const Told& told : pairs) {
      plan.prompts.push_back(plan_prompt(study, setting, told, queries[q], q));
      bytes += bytes_of(plan.prompts.back().prompt);
      check_prompt_bytes(study, bytes);
      for (int repeat = 0; repeat < study.repeats; ++repeat) {
        std::string id = trial_id(plan.prompts.back().request_hash, subject.identity, setting.name,
                                  told.told.wording, told.told.arm, queries[q].id, repeat);
        plan.trials.push_back({std::move(id), plan.prompts.size() - 1, repeat});
      }
    }
  }
  return plan;
}

}  // namespace iago
