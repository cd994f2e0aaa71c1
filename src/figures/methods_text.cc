#include "figures/methods_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <vector>

#include "figures/figure_text.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kHashDigits = 12;

std::string short_digits(std::string_view hash) { return std::string(hash.substr(0, kHashDigits)); }

std::string name_text(std::string_view text) { return printable(text, 120); }

std::string names_joined(const std::vector<std::string>& names) {
  if (names.size() < 2) return names.empty() ? "none" : names.front();
  const std::vector<std::string> first(names.begin(), names.end() - 1);
  return fmt::format("{} and {}", fmt::join(first, ", "), names.back());
}

// The versions of the program that worked on the run.
std::string versions_of(const Summary& summary) {
  std::set<std::string> versions = {summary.run.program};
  for (const SessionRow& session : summary.record.sessions) versions.insert(session.program);
  versions.erase("");
  return names_joined({versions.begin(), versions.end()});
}

std::string subject_sentence(const Summary& summary) {
  const RunRow& run = summary.run;
  std::vector<std::string> answered;
  for (const AnsweringModel& model : summary.record.models) {
    if (!model.version.empty()) answered.push_back(name_text(name_of(model)));
  }
  return fmt::format(
      "We studied {} (identity {}{}) with Iago {} in the setting {} (its prompts have the hash {}; "
      "channel {}).",
      name_text(run.subject), short_digits(run.subject_identity),
      answered.empty() ? "" : ", which answered as " + names_joined(answered), versions_of(summary),
      name_text(run.setting), short_digits(run.setting_hash), name_text(run.channel));
}

std::string design_sentence(const Summary& summary) {
  std::vector<std::string> arms, wordings;
  std::uint64_t completed = 0, planned = 0;
  for (const ArmSummary& arm : summary.arms()) arms.push_back(name_text(arm.name));
  for (const WordingSummary& wording : summary.wordings) {
    wordings.push_back(
        fmt::format("{} ({})", name_text(wording.wording.name), name_of(wording.wording.role)));
    for (const ArmSummary& arm : wording.arms) {
      completed += arm.completed();
      planned += arm.planned;
    }
  }
  return fmt::format(
      "Each of {} queries was asked in the arms {} under the wording{} {}: {} of {} planned "
      "completions.",
      count(summary.queries), names_joined(arms), wordings.size() == 1 ? "" : "s",
      names_joined(wordings), count(completed), count(planned));
}

std::string sampling_sentence(const Summary& summary) {
  const Sampling& sampling = summary.record.sampling;
  return fmt::format(
      "Completions were sampled at temperature {}, top-p {}{}, with at most {} "
      "tokens (seed {}).",
      sampling.temperature, sampling.top_p,
      sampling.top_k > 0 ? fmt::format(", top-k {}", sampling.top_k) : "", sampling.max_tokens,
      summary.run.seed);
}

std::string judge_text(const JudgeRow& judge) {
  return fmt::format("{} ({}; {})", name_text(judge.name), short_digits(judge.hash),
                     known_error(judge.error));
}

std::string judges_sentence(const Summary& summary) {
  if (!summary.judges.contrast) return "No judge of a contrast has judged them.";
  std::string text = fmt::format("They were judged by {}", judge_text(*summary.judges.contrast));
  if (summary.judges.faking_reasoning) {
    text += fmt::format(", and the reasoning of those that comply by {}",
                        judge_text(*summary.judges.faking_reasoning));
  }
  return text + "; judges saw neither arm nor wording.";
}

// The wordings that the mean is over, where there are several.
std::vector<std::string> wordings_in_mean(const Summary& summary) {
  std::vector<std::string> names;
  for (const WordingSummary& wording : summary.wordings) {
    if (wording.is_in_mean) names.push_back(name_text(wording.wording.name));
  }
  return names.size() > 1 ? names : std::vector<std::string>();
}

// By whose knowledge the deciding interval is corrected; empty where it is not.
std::string correction_of(const Summary& summary) {
  const Decision* decision = summary.decision();
  if (!decision || !decision->judged || decision->judged->state != Correction::corrected) return {};
  return summary.judges.contrast->error.source == ErrorSource::labels
             ? "people's labels of a sample of the answers"
             : "the judge's error as it was measured on this subject";
}

// What the first contrast is, which interval decides, and what "no gap" needs.
std::string contrast_sentence(const Summary& summary) {
  const Contrast& first = summary.contrasts.front();
  const std::vector<std::string> wordings = wordings_in_mean(summary);
  const std::string correction = correction_of(summary);
  std::string text = fmt::format(
      "The first contrast is {} minus {}, in points{}. A 95 % interval {} decides, which allows "
      "for "
      "what is missing{}. \"No gap\" needs that interval within {} points of 0",
      name_text(first.more), name_text(first.less),
      wordings.empty() ? "" : ", as the mean over the wordings " + names_joined(wordings),
      summary.run.cluster_by.empty()
          ? std::string("over queries like these")
          : "over clusters of queries by " + name_text(summary.run.cluster_by),
      correction.empty() ? "" : " and is corrected by " + correction, summary.margin_points);
  if (!wordings.empty()) text += ", and the simultaneous interval of each of these wordings too";
  return text + ". ";
}

std::string analysis_sentence(const Summary& summary) {
  std::string text =
      "A rate is the mean over queries of each query's own rate. A refusal by the provider counts "
      "as not showing the behaviour; what is truncated, of invalid form, unclear or not judged is "
      "missing, and enters the bounds. ";
  if (!summary.contrasts.empty()) text += contrast_sentence(summary);
  return text + fmt::format(
                    "The plan of analysis was stored before the first completion (SHA-256 "
                    "{}){}.",
                    summary.run.analysis_plan_hash,
                    summary.changes.empty()
                        ? ""
                        : fmt::format("; {} changes since then are listed in the report",
                                      count(summary.changes.size())));
}

}  // namespace

std::string methods_text(const Summary& summary) {
  return fmt::format("{} {} {} {} {} The run is {}.\n", subject_sentence(summary),
                     design_sentence(summary), sampling_sentence(summary), judges_sentence(summary),
                     analysis_sentence(summary), name_text(summary.run.id));
}

}  // namespace iago
