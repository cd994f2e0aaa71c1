#include "figures/internal/comparability.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/error.h"
#include "base/hash.h"
#include "base/toml_reader.h"
#include "figures/figure_text.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMaxStudyBytes = std::size_t{1} << 20;
constexpr std::string_view kPrompts = "prompts";
// What prompts follow from: where one of these differs, different prompts are no news.
constexpr std::array<std::string_view, 5> kMakesPrompts = {"setting", "channel", "wording",
                                                           "queries", "arms"};

NamedField named(std::string_view name, const std::string& text) {
  return {std::string(name), text, printable(text, 60)};
}

std::string head_of(const std::string& hash) { return printable(hash.substr(0, 8)); }

// The texts' hash, whatever their order.
std::string hash_of(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  Hasher hasher;
  for (const std::string& text : texts) hasher.field(text);
  return hasher.hex();
}

NamedField queries_of(const Store& store) {
  std::vector<std::string> texts;
  for (const Query& query : store.queries()) {
    texts.push_back(Hasher().field(query.id).field(query.text).hex());
  }
  auto hash = hash_of(texts);
  return {"queries", hash, fmt::format("{} ({})", count(texts.size()), head_of(hash))};
}

struct Prompts {
  std::string arms, hash;  // of the two arms of the gap
  std::uint32_t fewest = 0, most = 0;
};

Prompts read_prompts(const Store& store) {
  std::vector<std::string> hashes;
  std::map<std::string, bool> arms;
  Prompts prompts;
  store.for_each_prompt([&](const PromptRow& prompt) {
    if (prompt.arm != kTrainingArm && prompt.arm != kUnmonitoredArm) return true;
    Hasher hasher;
    hasher.field(prompt.arm).field(prompt.query).field(prompt.prefill);
    for (const Message& message : prompt.messages) {
      hasher.field(name_of(message.role)).field(message.text);
    }
    prompts.fewest = hashes.empty() ? prompt.repeats : std::min(prompts.fewest, prompt.repeats);
    prompts.most = std::max(prompts.most, prompt.repeats);
    hashes.push_back(hasher.hex());
    arms[prompt.arm] = true;
    return true;
  });
  for (const auto& [arm, present] : arms) prompts.arms += (prompts.arms.empty() ? "" : ", ") + arm;
  if (prompts.arms.empty()) prompts.arms = "neither";
  prompts.hash = hash_of(hashes);
  return prompts;
}

std::string repeats_of(const Prompts& prompts) {
  return prompts.fewest == prompts.most ? std::to_string(prompts.most)
                                        : fmt::format("{} to {}", prompts.fewest, prompts.most);
}

// The options as the run's study has them; a study that is not understood says "unknown".
std::string sampling_of(const RunRow& run) {
  try {
    TomlValue tree = parse_toml(run.study_toml, "study.toml", kMaxStudyBytes);
    auto sampling = TomlReader(tree, "study.toml").table("sampling");
    if (!sampling) return "not written down";
    constexpr int kMost = 1'000'000;
    auto number = [&](const char* key) { return sampling->number(key, 0, kMost).value_or(1); };
    auto whole = [&](const char* key) { return sampling->integer(key, 0, kMost).value_or(0); };
    std::string text =
        fmt::format("temperature {}, top_p {}, top_k {}, at most {} tokens", number("temperature"),
                    number("top_p"), whole("top_k"), whole("max_tokens"));
    for (const std::string& stop : sampling->texts("stop")) text += ", stop " + stop;
    return text;
  } catch (const Error&) {
    return "unknown";
  }
}

NamedField judge_of(std::string_view name, const std::optional<JudgeRow>& judge) {
  if (!judge) return named(name, "none");
  return {std::string(name), judge->hash,
          fmt::format("{} ({})", printable(judge->name, 40), head_of(judge->hash))};
}

}  // namespace

std::vector<NamedField> comparability_of(const Store& store, const Summary& summary) {
  const RunRow& run = summary.run;
  const Prompts prompts = read_prompts(store);
  return {named("setting", run.setting),
          named("channel", run.channel),
          named("wording", run.wording),
          named("arms", prompts.arms),
          queries_of(store),
          named("repeats", repeats_of(prompts)),
          {std::string(kPrompts), prompts.hash, head_of(prompts.hash)},
          named("sampling", sampling_of(run)),
          judge_of("compliance judge", summary.judges.compliance),
          judge_of("faking judge", summary.judges.faking_reasoning),
          named("margin", fmt::format("{}", summary.margin_points))};
}

std::vector<std::string> what_differs(const std::vector<NamedField>& run,
                                      const std::vector<NamedField>& reference) {
  std::vector<std::string> texts;
  bool explained = false;
  for (const FieldDifference& found : differing_fields(reference, run)) {
    if (found.field == kPrompts && explained) continue;
    explained = explained || std::ranges::find(kMakesPrompts, found.field) != kMakesPrompts.end();
    texts.push_back(fmt::format("{}: {}, not {}", found.field, found.is, found.was));
  }
  return texts;
}

}  // namespace iago
