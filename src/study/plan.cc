// Three hashes, each over named fields in a fixed order. The request's is over what is sent:
// messages, prefill, sampling, seed. A trial's adds who is asked and which place in the study the
// request has, so that the same request in two arms makes two trials. A study's is over what a run
// may never change; what may be raised later (repeats, --limit, a choice of arms) is left out, so
// that raising it continues the run.
//
// Trials are made query by query, within it arm by arm, within it repeat by repeat: a run that is
// cut off has whole queries, with data in all arms, but for the last few. Others rely on it that a
// prompt's repeats stand together.
#include "study/plan.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"

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

// The part of "organism:faker" or "local:checkpoints/tiny" that a person would call it by.
std::string short_name(std::string_view subject) {
  while (subject.ends_with('/')) subject.remove_suffix(1);
  return std::string(subject.substr(subject.find_last_of(":/") + 1));
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

void check_size(const Study& study, std::size_t queries) {
  auto repeats = static_cast<std::size_t>(study.repeats);
  if (queries * study.arms.size() <= kMaxTrials / repeats) return;
  throw Error(ErrorCode::invalid,
              fmt::format("the study \"{}\" has {} queries x {} arms x {} repeats, at most {} "
                          "trials can be planned",
                          study.name, queries, study.arms.size(), repeats, kMaxTrials),
              "Lower --limit or --repeats.");
}

std::size_t bytes_of(const Prompt& prompt) {
  std::size_t bytes = 0;
  for (const Message& message : prompt.messages) bytes += message.text.size();
  return bytes;
}

PlannedPrompt plan_prompt(const Study& study, const Setting& setting, const std::string& arm,
                          const Query& query, std::size_t index) {
  Prompt prompt = render_prompt(setting, study.channel, study.wording, arm, query);
  std::string hash = request_hash(prompt, study.sampling, study.seed);
  return {std::move(prompt), arm, index, std::move(hash)};
}

// A rubric's path without its folder, which differs between machines; what the rubric says is in
// the hash of the judge.
std::vector<std::string> names_of_judges(std::vector<std::string> judges) {
  for (std::string& judge : judges) {
    auto end = judge.find(".toml");
    auto slash = end == std::string::npos ? end : judge.rfind('/', end);
    if (slash != std::string::npos) judge.erase(0, slash + 1);
  }
  return judges;
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

std::string study_hash(const Study& study, const Setting& setting, const Subject& subject) {
  FieldHash hash("study");
  hash.add("name", study.name);
  hash.add("subject", subject.identity);
  hash.add("setting", setting.name);
  // Every arm that the wording allows, chosen or not, with the query's text left open: a change in
  // any block of the setting makes another run.
  const Query open{.text = "{{query}}"};
  for (const std::string& arm : arms_with_wording(setting, study.wording)) {
    hash.add("arm", arm);
    hash.add(render_prompt(setting, study.channel, study.wording, arm, open));
  }
  hash.add("channel", study.channel);
  hash.add("wording", study.wording);
  hash.add("queries", study.queries.filename().string());
  hash.add("seed", study.seed);
  hash.add(study.sampling);
  hash.add("margin", study.margin);
  hash.add("judges", names_of_judges(study.judges));
  if (!study.judge_model.empty()) hash.add("judge_model", study.judge_model);
  return hash.hex();
}

std::string run_id(const Study& study, const Subject& subject, std::string_view study_hash) {
  std::string name = fmt::format("{}-{}", study.name, for_folder_name(short_name(subject.name)));
  if (study.wording != kDefaultWording) name += "-" + for_folder_name(study.wording);
  return fmt::format("{}-{}", name, study_hash.substr(0, kRunIdDigits));
}

Plan make_plan(const Study& study, const Setting& setting, const std::vector<Query>& queries,
               const Subject& subject) {
  Plan plan{.study_hash = study_hash(study, setting, subject), .subject = subject};
  plan.run_id = run_id(study, subject, plan.study_hash);
  std::size_t count = std::min(queries.size(), study.limit.value_or(queries.size()));
  check_size(study, count);
  plan.queries.assign(queries.begin(), queries.begin() + static_cast<std::ptrdiff_t>(count));
  plan.prompts.reserve(count * study.arms.size());
  plan.trials.reserve(plan.prompts.capacity() * static_cast<std::size_t>(study.repeats));
  std::size_t bytes = 0;
  for (std::size_t q = 0; q < count; ++q) {
    for (const std::string& arm : study.arms) {
      plan.prompts.push_back(plan_prompt(study, setting, arm, queries[q], q));
      bytes += bytes_of(plan.prompts.back().prompt);
      if (bytes > kMaxPromptBytes) {
        throw Error(ErrorCode::invalid,
                    fmt::format("the study \"{}\" has more than {} bytes of prompts", study.name,
                                kMaxPromptBytes),
                    "Lower --limit, or use a channel with a shorter prompt.");
      }
      for (int repeat = 0; repeat < study.repeats; ++repeat) {
        std::string id = trial_id(plan.prompts.back().request_hash, subject.identity, setting.name,
                                  study.wording, arm, queries[q].id, repeat);
        plan.trials.push_back({std::move(id), plan.prompts.size() - 1, repeat});
      }
    }
  }
  return plan;
}

}  // namespace iago
