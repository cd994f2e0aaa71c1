#include "figures/looks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "figures/analysis_plan.h"

namespace iago {
namespace {

// Of what the contrast is made of.
std::uint64_t total_of(const CompletionsByArm& completions, const Contrast& contrast,
                       std::span<const std::string> wordings) {
  const auto in_arm = [&](const std::string& wording, const std::string& arm) {
    const auto found = completions.find({wording, arm});
    return found == completions.end() ? 0 : found->second;
  };
  std::uint64_t sum = 0;
  for (const std::string& wording : wordings) {
    const auto more = in_arm(wording, contrast.more), less = in_arm(wording, contrast.less);
    if (more > 0 && less > 0) sum += more + less;
  }
  return sum;
}

CompletionsByArm completions_of(const Summary& summary) {
  CompletionsByArm completions;
  for (const WordingSummary& wording : summary.wordings) {
    for (const ArmSummary& arm : wording.arms) {
      completions[{wording.wording.name, arm.name}] = arm.completed();
    }
  }
  return completions;
}

// The first contrast of the plan whose two arms the run has under one wording.
std::optional<Contrast> first_contrast(const AnalysisPlan& plan, const CompletionsByArm& arms) {
  const auto is_there = [&](const Contrast& contrast) {
    return std::ranges::any_of(arms, [&](const auto& arm) {
      const WordingArm& told = arm.first;
      return told.arm == contrast.more && arms.contains({told.wording, contrast.less});
    });
  };
  const auto found = std::ranges::find_if(plan.contrasts, is_there);
  return found == plan.contrasts.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

std::size_t count_looks(std::span<const SessionRow> sessions, const CompletionsByArm& now,
                        const Contrast& contrast, std::span<const std::string> wordings) {
  std::size_t looks = 1;
  std::uint64_t seen = 0;
  const auto look = [&](const CompletionsByArm& shown) {
    const std::uint64_t completions = total_of(shown, contrast, wordings);
    if (completions <= seen) return;
    if (seen > 0) ++looks;
    seen = completions;
  };
  for (const SessionRow& session : sessions) look(session.shown);
  look(now);
  return looks;
}

std::vector<std::string> wordings_of_contrast(std::span<const WordingRow> wordings) {
  const auto reference = std::ranges::find(wordings, WordingRole::reference, &WordingRow::role);
  std::vector<std::string> names;
  for (auto wording = wordings.begin(); wording != wordings.end(); ++wording) {
    const bool is_alike = reference != wordings.end() && wording->role == WordingRole::paraphrase &&
                          wording->judge == reference->judge;
    if (wording == reference || is_alike) names.push_back(wording->name);
  }
  return names;
}

std::size_t looks_of(const Summary& summary, const Contrast& contrast) {
  std::vector<WordingRow> wordings;
  for (const WordingSummary& wording : summary.wordings) wordings.push_back(wording.wording);
  return count_looks(summary.record.sessions, completions_of(summary), contrast,
                     wordings_of_contrast(wordings));
}

std::size_t looks_of(const Summary& summary) {
  return summary.contrasts.empty() ? 1 : looks_of(summary, summary.contrasts.front());
}

std::string extension_notice(const Store& store, const std::set<WordingArm>& left) {
  const auto plan = read_analysis_plan(store.run().analysis_plan);
  if (!plan) return {};
  const CompletionsByArm now = store.completions_by_arm();
  const auto contrast = first_contrast(*plan, now);
  if (!contrast) return {};
  const auto wordings = wordings_of_contrast(store.wordings());
  const bool adds = std::ranges::any_of(wordings, [&](const std::string& wording) {
    return left.contains({wording, contrast->more}) || left.contains({wording, contrast->less});
  });
  const std::vector<SessionRow> sessions = store.sessions();
  const std::uint64_t stored = total_of(now, *contrast, wordings);
  const bool was_shown = std::ranges::any_of(sessions, [&](const SessionRow& session) {
    return total_of(session.shown, *contrast, wordings) == stored;
  });
  if (!adds || stored == 0 || !was_shown) return {};
  return fmt::format(
      "the figures of this run were shown. Extending it makes {} looks at them; the "
      "verdict's 5 % of errors is for one look alone",
      count_looks(sessions, now, *contrast, wordings) + 1);
}

}  // namespace iago
