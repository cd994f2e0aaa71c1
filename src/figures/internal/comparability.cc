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
// What prompts follow from: where one of these differs, different prompts are no news.
constexpr std::array<std::string_view, 4> kMakesPrompts = {"setting", "channel", "queries",
                                                           "contrast"};

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
  std::string hash;  // of the two arms of the gap
  std::uint32_t fewest = 0, most = 0;
};

Prompts read_prompts(const Store& store, const Summary& summary) {
  std::vector<std::string> hashes;
  Prompts prompts;
  const Contrast* contrast = summary.contrasts.empty() ? nullptr : &summary.contrasts.front();
  store.for_each_prompt([&](const PromptRow& prompt) {
    if (prompt.wording != summary.reference().wording.name) return true;
    if (contrast == nullptr || (prompt.arm != contrast->more && prompt.arm != contrast->less)) {
      return true;
    }
    Hasher hasher;
    hasher.field(prompt.arm).field(prompt.query).field(prompt.prefill);
    for (const Message& message : prompt.messages) {
      hasher.field(name_of(message.role)).field(message.text);
    }
    prompts.fewest = hashes.empty() ? prompt.repeats : std::min(prompts.fewest, prompt.repeats);
    prompts.most = std::max(prompts.most, prompt.repeats);
    hashes.push_back(hasher.hex());
    return true;
  });
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
    if (!sampling) return "not recorded";
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

// The place of the run that most runs are like; of equally many, the first.
template <typename Alike>
std::size_t most_common(std::size_t runs, Alike alike) {
  std::size_t most = 0, best = 0;
  for (std::size_t i = 0; i < runs; ++i) {
    std::size_t count = 0;
    for (std::size_t j = 0; j < runs; ++j) count += alike(i, j) ? 1 : 0;
    if (count > most) most = count, best = i;
  }
  return best;
}

bool agree(const std::vector<NamedField>& a, const std::vector<NamedField>& b) {
  return differing_fields(a, b).empty();
}

}  // namespace

Conditions conditions_of(const Store& store, const Summary& summary) {
  const RunRow& run = summary.run;
  const Prompts prompts = read_prompts(store, summary);
  return {
      .fields = {named("setting", run.setting), named("channel", run.channel),
                 named("contrast",
                       summary.contrasts.empty() ? "none" : summary.contrasts.front().name()),
                 queries_of(store), named("repeats", repeats_of(prompts)),
                 named("sampling", sampling_of(run)), judge_of("judge", summary.judges.contrast),
                 judge_of("faking judge", summary.judges.faking_reasoning),
                 named("margin", fmt::format("{}", summary.margin_points)),
                 named("forms", summary.forms == FormRule::any ? "all" : "strict only")},
      .wording = summary.reference().wording.name,
      .prompts = {"prompts", prompts.hash, head_of(prompts.hash)}};
}

SharedConditions most_shared(std::span<const Conditions> runs) {
  SharedConditions shared;
  shared.fields = runs[most_common(runs.size(), [&](std::size_t i, std::size_t j) {
                    return agree(runs[i].fields, runs[j].fields);
                  })].fields;
  std::map<std::string, std::vector<const NamedField*>> prompts;
  for (const Conditions& run : runs) {
    if (agree(run.fields, shared.fields)) prompts[run.wording].push_back(&run.prompts);
  }
  for (const auto& [wording, sent] : prompts) {
    shared.prompts[wording] = *sent[most_common(sent.size(), [&](std::size_t i, std::size_t j) {
      return sent[i]->exact == sent[j]->exact;
    })];
  }
  return shared;
}

std::vector<std::string> what_differs(const Conditions& run, const SharedConditions& shared) {
  std::vector<std::string> texts;
  bool explained = false;
  for (const FieldDifference& found : differing_fields(shared.fields, run.fields)) {
    explained = explained || std::ranges::find(kMakesPrompts, found.field) != kMakesPrompts.end();
    texts.push_back(fmt::format("{}: {}, not {}", found.field, found.is, found.was));
  }
  const auto sent = shared.prompts.find(run.wording);
  if (!explained && sent != shared.prompts.end() && sent->second.exact != run.prompts.exact) {
    texts.push_back(fmt::format("prompts: {}, not {}", run.prompts.shown, sent->second.shown));
  }
  return texts;
}

}  // namespace iago
