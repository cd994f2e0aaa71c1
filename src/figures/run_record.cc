#include "figures/run_record.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

#include "base/error.h"
#include "base/json.h"
#include "base/toml_reader.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMaxRecordedStudy = std::size_t{1} << 20,
                      kMaxFieldBytes = std::size_t{1} << 20;
// What is shown of each; the figures are whole.
constexpr std::size_t kMostMessage = 400, kMostName = 60, kMostArm = 20, kMostShown = 10;
constexpr double kClearErrors = 2.5;  // standard errors between two arms' shares
constexpr double kMostIdentical = 0.5;

// As the study has it; a study that is not understood says nothing.
Sampling planned_sampling(const std::string& study_toml) {
  Sampling sampling;
  try {
    TomlValue tree = parse_toml(study_toml, "study.toml", kMaxRecordedStudy);
    auto table = TomlReader(tree, "study.toml").table("sampling");
    if (!table) return sampling;
    constexpr int kMost = 1'000'000;
    sampling.temperature = table->number("temperature", 0, kMost).value_or(1);
    sampling.top_p = table->number("top_p", 0, 1).value_or(1);
    sampling.top_k = static_cast<int>(table->integer("top_k", 0, kMost).value_or(0));
    sampling.max_tokens =
        static_cast<int>(table->integer("max_tokens", 1, kMost).value_or(Sampling().max_tokens));
  } catch (const Error&) {
    return {};
  }
  return sampling;
}

// The newest session that reached a server knows best.
Sampling sampling_as_sent(const RunRow& run, const std::vector<SessionRow>& sessions) {
  Sampling sampling = planned_sampling(run.study_toml);
  for (const SessionRow& session : sessions) {
    if (!session.sent) continue;
    sampling = with_fields(planned_sampling(run.study_toml), session.sent->sampling);
    if (session.sent->sampling.empty()) {
      sampling = with_fields(sampling, session.sent->extra_body);
    }
  }
  return sampling;
}

// Where an arm stands among the setting's, whatever the order in which arms were recorded.
class Places {
 public:
  explicit Places(const std::vector<ArmRow>& arms) {
    for (const ArmRow& arm : arms) places_.emplace(arm.name, arm.place);
  }
  std::pair<std::uint32_t, std::string> of(const std::string& arm) const {
    return {places_.at(arm), arm};
  }

 private:
  std::map<std::string, std::uint32_t> places_;
};

// The count of the arm of that name.
std::uint64_t& count_of(std::vector<std::pair<std::string, std::uint64_t>>& counts,
                        const std::string& arm) {
  auto found = std::ranges::find(counts, arm, &std::pair<std::string, std::uint64_t>::first);
  return found != counts.end() ? found->second : counts.emplace_back(arm, 0).second;
}

std::vector<AnsweringModel> read_models(const Store& store, const std::vector<ArmRow>& arms) {
  std::map<std::pair<std::string, std::string>, AnsweringModel> found;
  for (const AnsweredBy& row : store.answered_by()) {
    if (row.arm >= arms.size()) continue;
    AnsweringModel& model = found[{row.version, row.fingerprint}];
    model.version = row.version, model.fingerprint = row.fingerprint;
    model.completions += row.completions;
    count_of(model.arms, arms[row.arm].name) += row.completions;
  }
  const Places places(arms);
  std::vector<AnsweringModel> models;
  for (auto& [key, model] : found) {
    std::ranges::sort(model.arms, {}, [&](const auto& arm) { return places.of(arm.first); });
    models.push_back(std::move(model));
  }
  std::ranges::stable_sort(models, std::greater(), &AnsweringModel::completions);
  return models;
}

std::vector<ArmRepeats> read_repeats(const Store& store, const std::vector<ArmRow>& arms) {
  std::vector<ArmRepeats> repeats;
  for (const RepeatCounts& row : store.count_repeats()) {
    if (row.arm >= arms.size()) continue;
    auto found = std::ranges::find(repeats, arms[row.arm].name, &ArmRepeats::arm);
    if (found == repeats.end()) {
      found = repeats.insert(repeats.end(), {.arm = arms[row.arm].name});
    }
    found->repeats += row.repeats, found->identical += row.identical;
  }
  const Places places(arms);
  std::ranges::sort(repeats, {}, [&](const ArmRepeats& arm) { return places.of(arm.arm); });
  return repeats;
}

// Of all models' completions in the arms.
std::map<std::string, std::uint64_t> completions_by_arm(const RunRecord& record) {
  std::map<std::string, std::uint64_t> all;
  for (const AnsweringModel& model : record.models) {
    for (const auto& [arm, n] : model.arms) all[arm] += n;
  }
  return all;
}

// The arms in which the model's share is the largest and the smallest, if these differ clearly.
struct ApartIn {
  std::string more, less;
  double share_more = 0, share_less = 0;
};

std::optional<ApartIn> differs_between_arms(const AnsweringModel& model,
                                            const std::map<std::string, std::uint64_t>& all) {
  ApartIn apart;
  double n_more = 0, n_less = 0, clearest = 0;
  const auto share_in = [&](const std::string& arm, double n) {
    auto found = std::ranges::find(model.arms, arm, &std::pair<std::string, std::uint64_t>::first);
    return found == model.arms.end() ? 0 : static_cast<double>(found->second) / n;
  };
  for (const auto& [a, completions_a] : all) {
    for (const auto& [b, completions_b] : all) {
      n_more = static_cast<double>(completions_a), n_less = static_cast<double>(completions_b);
      const double p = share_in(a, n_more), q = share_in(b, n_less);
      const double pooled = (p * n_more + q * n_less) / (n_more + n_less);
      const double error = std::sqrt(pooled * (1 - pooled) * (1 / n_more + 1 / n_less));
      if (p <= q || p - q <= kClearErrors * error || p - q <= clearest) continue;
      clearest = p - q;
      apart = {a, b, p, q};
    }
  }
  return clearest > 0 ? std::optional(apart) : std::nullopt;
}

std::string joined(const std::vector<std::string>& texts) {
  std::vector<std::string> shown;
  for (const std::string& text : texts) shown.push_back(printable(text, kMostName));
  return fmt::format("{}", fmt::join(shown, ", "));
}

std::string sent_line(const SentRecord& sent) {
  std::string text = printable(sent.base_url, kMostMessage);
  const auto add = [&](std::string_view what, const std::string& value) {
    if (value.empty()) return;
    if (!text.empty()) text += "; ";
    text += fmt::format("{} {}", what, value);
  };
  add("sampling", printable(sent.sampling, kMostMessage));
  add("--extra-body", printable(sent.extra_body, kMostMessage));
  add("--header", joined(sent.header_names));
  add("left out, because the server refused it:", joined(sent.left_out));
  for (const std::string& note : sent.notes) add("note:", printable(note, kMostMessage));
  return text;
}

}  // namespace

double ArmRepeats::share() const {
  return repeats == 0 ? 0 : static_cast<double>(identical) / static_cast<double>(repeats);
}

std::uint64_t RunRecord::open_trials() const {
  std::uint64_t sum = 0;
  for (const OpenTrials& trials : open) sum += trials.trials;
  return sum;
}

double RunRecord::copied_in(std::string_view arm) const {
  const auto found = std::ranges::find(repeats, arm, &ArmRepeats::arm);
  return found == repeats.end() ? 0 : found->share();
}

ArmRepeats RunRecord::all_repeats() const {
  ArmRepeats all;
  for (const ArmRepeats& arm : repeats) all.repeats += arm.repeats, all.identical += arm.identical;
  return all;
}

std::vector<OpenTrials> read_open(const Store& store, const std::vector<ArmRow>& arms) {
  std::map<std::tuple<std::string, std::uint32_t, std::string, OpenCause>, OpenTrials> found;
  for (const OpenCounts& counts : store.count_open()) {
    if (counts.arm >= arms.size()) continue;  // recorded since the arms were read
    const ArmRow& arm = arms[counts.arm];
    OpenTrials& open = found[{arm.wording, arm.place, arm.name, counts.cause}];
    open.wording = arm.wording, open.arm = arm.name;
    open.cause = counts.cause;
    if (open.trials == 0 || counts.created >= open.created) {
      open.status = counts.status, open.message = counts.message, open.created = counts.created;
    }
    open.trials += counts.trials;
  }
  std::vector<OpenTrials> list;
  for (auto& [key, open] : found) list.push_back(std::move(open));
  return list;
}

RunRecord read_record(const Store& store, const std::vector<ArmRow>& arms) {
  RunRecord record{.open = read_open(store, arms),
                   .models = read_models(store, arms),
                   .repeats = read_repeats(store, arms),
                   .sampling = {},
                   .sessions = store.sessions()};
  record.sampling = sampling_as_sent(store.run(), record.sessions);
  return record;
}

bool is_greedy(const Sampling& sampling) {
  return sampling.temperature == 0 || sampling.top_k == 1;
}

Sampling with_fields(Sampling sampling, std::string_view json) {
  if (json.empty()) return sampling;
  try {
    const Json fields = parse_json(json, "request fields", {.bytes = kMaxFieldBytes});
    if (!fields.is_object()) return sampling;
    const auto number = [&](const char* key, double neutral, double now) {
      if (!fields.contains(key)) return now;
      return fields[key].is_number() ? fields[key].get<double>() : neutral;
    };
    sampling.temperature = number("temperature", 1, sampling.temperature);
    sampling.top_p = number("top_p", 1, sampling.top_p);
    for (const char* key : {"max_tokens", "max_completion_tokens"}) {  // as servers call it
      const double most = number(key, sampling.max_tokens, sampling.max_tokens);
      if (most >= 1 && most <= 1e9) sampling.max_tokens = static_cast<int>(most);
    }
    const double top_k = number("top_k", 0, sampling.top_k);
    sampling.top_k = top_k >= 0 && top_k <= 1e6 ? static_cast<int>(top_k) : 0;
  } catch (const Error&) {
    return sampling;
  }
  return sampling;
}

std::string name_of(const AnsweringModel& model) {
  if (model.version.empty() && model.fingerprint.empty()) return "unnamed";
  if (model.fingerprint.empty()) return printable(model.version, kMostName);
  return fmt::format("{} ({})",
                     model.version.empty() ? "unnamed" : printable(model.version, kMostName),
                     printable(model.fingerprint, kMostName));
}

std::string answers_of(const AnsweringModel& model) {
  std::vector<std::string> arms;
  for (const auto& [arm, n] : model.arms) {
    arms.push_back(fmt::format("{} {}", printable(arm, kMostArm), grouped(n)));
  }
  return fmt::format("{}: {}", name_of(model), fmt::join(arms, ", "));
}

std::vector<std::string> model_warnings(const RunRecord& record) {
  if (record.models.size() < 2) return {};
  std::vector<std::string> warnings = {
      fmt::format("{} models answered in this run; the figures mix them. A dated model name keeps "
                  "the provider from changing the model in between",
                  record.models.size())};
  const auto all = completions_by_arm(record);
  for (const AnsweringModel& model : record.models) {
    const auto apart = differs_between_arms(model, all);
    if (!apart) continue;
    warnings.push_back(fmt::format(
        "{} gave {:.0f} % of the completions in {} and {:.0f} % in {}: a gap may be a difference "
        "between models",
        name_of(model), 100 * apart->share_more, printable(apart->more, kMostArm),
        100 * apart->share_less, printable(apart->less, kMostArm)));
    if (warnings.size() > kMostShown) break;
  }
  return warnings;
}

std::string repeats_warning(const RunRecord& record) {
  const ArmRepeats all = record.all_repeats();
  const bool greedy = is_greedy(record.sampling);
  const bool any_alike = std::ranges::any_of(
      record.repeats, [](const ArmRepeats& arm) { return arm.share() > kMostIdentical; });
  if (all.repeats == 0 || (!greedy && !any_alike)) return {};
  std::vector<std::string> arms;
  for (const ArmRepeats& arm : record.repeats) {
    arms.push_back(fmt::format("{} {} of {}", printable(arm.arm, kMostArm), grouped(arm.identical),
                               grouped(arm.repeats)));
  }
  const bool counts_once = greedy && std::ranges::any_of(record.repeats, [](const ArmRepeats& arm) {
                             return arm.share() > kCopiesCountOnceFrom;
                           });
  return fmt::format(
      "{}{} of {} repeats are byte for byte the same as another repeat of their prompt ({}): {}{}",
      greedy ? "sampled greedily; " : "", grouped(all.identical), grouped(all.repeats),
      fmt::join(arms, ", "),
      greedy ? "they add no evidence, and only more queries make the figures more precise"
             : "if a cache or a fixed seed repeats them, they add no evidence",
      counts_once ? fmt::format("; where more than {:.0f} % of an arm's are, the intervals count "
                                "copies of an answer as one",
                                100 * kCopiesCountOnceFrom)
                  : std::string());
}

std::vector<std::string> sent_lines(const RunRecord& record) {
  std::vector<std::string> lines;
  for (const SessionRow& session : record.sessions) {
    if (!session.sent) continue;
    std::string line = sent_line(*session.sent);
    if (line.empty()) continue;
    if (std::ranges::find(lines, line) == lines.end()) lines.push_back(std::move(line));
  }
  return lines;
}

std::string readable(OpenCause cause) {
  std::string text(name_of(cause));
  std::ranges::replace(text, '_', ' ');
  return text;
}

std::vector<OpenLine> open_lines(const std::vector<OpenTrials>& all) {
  std::vector<OpenLine> lines;
  for (OpenCause cause : kOpenCauses) {
    std::vector<std::pair<std::string, std::uint64_t>> arms;
    const OpenTrials* newest = nullptr;
    OpenLine line{.cause = cause};
    for (const OpenTrials& open : all) {
      if (open.cause != cause) continue;
      line.trials += open.trials;
      count_of(arms, open.arm) += open.trials;
      if (newest == nullptr || open.created >= newest->created) newest = &open;
    }
    if (newest == nullptr) continue;
    std::vector<std::string> counts;
    for (const auto& [arm, n] : arms) {
      counts.push_back(fmt::format("{} {}", printable(arm, kMostArm), grouped(n)));
    }
    line.text = fmt::format("{} trial{} ({})", grouped(line.trials), line.trials == 1 ? "" : "s",
                            fmt::join(counts, ", "));
    if (newest->status != 0) line.text += fmt::format(", status {}", newest->status);
    line.text += cause == OpenCause::rejected ? "; some prompts were refused with: " : ": ";
    line.text += printable(newest->message, kMostMessage);
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace iago
