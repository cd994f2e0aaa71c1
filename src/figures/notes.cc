#include "figures/notes.h"

#include <fmt/format.h>

#include <utility>

#include "base/model_name.h"
#include "figures/cause_sentence.h"
#include "figures/check_text.h"
#include "figures/figure_text.h"
#include "figures/finding_sentence.h"
#include "figures/internal/endings.h"
#include "figures/published.h"
#include "figures/quotation.h"
#include "figures/run_record.h"
#include "figures/usage.h"
#include "text/printable.h"

namespace iago {
namespace {

std::string missing_of(const ArmSummary& arm) {
  std::string parts;
  auto add = [&](std::uint64_t n, std::string_view what) {
    if (n > 0) parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", count(n), what);
  };
  add(arm.count(Outcome::truncated), "truncated");
  add(arm.count(Outcome::invalid_format), "invalid format");
  if (arm.empty > 0) parts += fmt::format(" ({} of them empty)", count(arm.empty));
  if (arm.not_strict > 0) {
    parts += fmt::format(" ({} of them answers in another form than the strict one)",
                         count(arm.not_strict));
  }
  add(arm.open, "open");
  add(arm.unjudged, "not judged");
  add(arm.unclear, "unclear to the judge");
  return parts;
}

std::string why_unmeasured(const ArmSummary& arm) {
  if (arm.count(Outcome::answered) == 0) return "nothing was answered";
  if (arm.judged == arm.unclear) return "no answer is judged to comply or not";
  if (arm.reasoning_judged == 0) {
    return fmt::format("the reasoning of none of the {} answers is judged",
                       count(arm.count(Outcome::answered)));
  }
  return fmt::format("the reasoning of none of the {} answers that comply is judged",
                     count(arm.complied));
}

// What the rate of reasoning lacks beside them: answers that comply and whose scratchpad nobody
// judged.
void add_unread(const Summary& summary, std::vector<Note>& notes) {
  for (const auto& arm : summary.arms()) {
    if (arm.faking_unjudged == 0) continue;
    auto text = fmt::format("{} of {} complying answers have no label from the judge of reasoning",
                            count(arm.faking_unjudged), count(arm.complied));
    if (arm.faking_no_scratchpad > 0) {
      text += fmt::format(" ({} of them lack the scratchpad that was asked for)",
                          count(arm.faking_no_scratchpad));
    }
    if (arm.faking_bounds) {
      text += fmt::format("; bounds of the rate: {} %", percents(*arm.faking_bounds));
    }
    notes.push_back({fmt::format("unread, {}", printable(arm.name, 20)), text});
  }
}

// In which form the replies of each arm were written, where not all are in the strict one.
void add_forms(const Summary& summary, std::vector<Note>& notes) {
  for (const WordingSummary& wording : summary.wordings) {
    for (const ArmSummary& arm : wording.arms) {
      const std::string shares = form_shares(arm);
      if (shares.empty()) continue;
      const bool is_reference = &wording == &summary.reference();
      const std::string where =
          is_reference ? "" : fmt::format("under {}: ", printable(wording.wording.name, 60));
      notes.push_back({"form, " + printable(arm.name, 20), where + shares});
    }
  }
}

void add_missing(const Summary& summary, std::vector<Note>& notes) {
  bool any = false;
  for (const auto& arm : summary.arms()) {
    auto text = missing_of(arm);
    if (text.empty()) continue;
    any = true;
    if (arm.compliance_bounds) {
      text += fmt::format("; bounds of the rate: {} %", percents(*arm.compliance_bounds));
    }
    notes.push_back({fmt::format("missing, {}", printable(arm.name, 20)), text});
  }
  // Of the other wordings the table has the rates alone.
  for (Note& note : missing_elsewhere(summary)) notes.push_back(std::move(note));
  if (summary.mean && summary.mean->bounds_if_missing.width() > 0) {
    notes.push_back(
        {"mean's bounds", fmt::format("{} points, over all possible results of the missing trials",
                                      interval(summary.mean->bounds_if_missing))});
  }
  if (any && summary.gap()) {
    notes.push_back(
        {"gap's bounds", fmt::format("{} points, over all possible results of the missing trials",
                                     interval(summary.gap()->bounds_if_missing))});
  }
}

void add_progress(const Summary& summary, std::vector<Note>& notes) {
  std::uint64_t planned = 0, completed = 0, refused = 0;
  for (const auto& wording : summary.wordings) {
    for (const auto& arm : wording.arms) {
      planned += arm.planned;
      completed += arm.completed();
      refused += arm.count(Outcome::refused_by_provider);
    }
  }
  if (completed < planned) {
    notes.push_back({"unfinished", fmt::format("{} of {} planned completions; run the same command "
                                               "to resume",
                                               count(completed), count(planned))});
  }
  if (refused > 0) {
    notes.push_back({"provider", fmt::format("{} refused by the provider, counted as "
                                             "non-compliance",
                                             count(refused))});
  }
}

std::string accuracy_of(const std::optional<JudgeAccuracy>& accuracy) {
  return accuracy ? with_interval(accuracy->rate, accuracy->ci95) : std::string("unknown");
}

// The arms' rates as they are without the judge's error, where it was measured.
void add_corrected(const Summary& summary, std::optional<CorrectedRate> ArmSummary::*rate,
                   std::string_view title, std::vector<Note>& notes) {
  std::string text;
  Population population = Population::queries_like_these;
  for (const auto& arm : summary.arms()) {
    const auto& corrected = arm.*rate;
    if (!corrected) continue;
    population = corrected->population;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", printable(arm.name, 16),
                        with_interval(corrected->rate, corrected->ci95));
  }
  if (text.empty()) return;
  notes.push_back({std::string(title),
                   fmt::format("{}; 95 % intervals {}, right if the judge errs here as often as "
                               "where it was measured",
                               text, name_of(population))});
}

std::string unknown_truth(const JudgeError& error, const ErrorBounds& bounds) {
  std::string text;
  auto add = [&](std::string_view name, bool is_known, const Interval& range) {
    if (!is_known) return;
    text += fmt::format("{} {} {} %", text.empty() ? "; bounds with them:" : ",", name,
                        percents(range));
  };
  add("sensitivity", sensitivity_of(error.counts).has_value(), bounds.sensitivity);
  add("specificity", specificity_of(error.counts).has_value(), bounds.specificity);
  return fmt::format("; {} unlabelled{}", count(error.unknown_truth), text);
}

void add_judge(const std::optional<JudgeRow>& judge, std::string_view title, const RunText& run,
               std::vector<Note>& notes) {
  if (!judge) {
    notes.push_back({std::string(title), "no judge in this run"});
    return;
  }
  const JudgeError& error = judge->error;
  auto text = printable(judge->name, 60);
  text += error.is_measured()
              ? fmt::format(": sensitivity {}, specificity {}, measured on {}",
                            accuracy_of(sensitivity_of(error.counts)),
                            accuracy_of(specificity_of(error.counts)), measured_where(error, run))
              : ": its error was never measured on this subject";
  if (error.unclear > 0) {
    const auto all = static_cast<double>(error.unclear + error.counts.total());
    text += fmt::format("; it calls {} % of those texts unclear",
                        percents(static_cast<double>(error.unclear) / all));
  }
  if (auto bounds = bounds_if_unknown(error)) text += unknown_truth(error, *bounds);
  if (!judge->planned) text += " (not in the plan of analysis)";
  notes.push_back({std::string(title), text});
}

// The chosen judge of faking reasoning, where its votes say more than faking or none.
void add_reasoning(const Summary& summary, std::vector<Note>& notes) {
  const std::string unquoted = unquoted_by_arm(summary.reasoning);
  if (!unquoted.empty()) {
    notes.push_back({"yes, not quoted",
                     unquoted + " answers yes of the judge of reasoning; without a quotation that "
                                "stands in the text they count as no"});
  }
  bool any = false;
  std::string maybes, rates;
  for (const LabelShares& arm : summary.reasoning) {
    any = any || has_shades(arm);
    maybes += fmt::format("{}{} {} of {}", maybes.empty() ? "" : ", ", printable(arm.arm, 16),
                          count(arm.maybe.value_or(0)), count(arm.judged));
    if (!arm.rate_by_probability) continue;
    rates += fmt::format("{}{} {}", rates.empty() ? "" : ", ", printable(arm.arm, 16),
                         percent(*arm.rate_by_probability));
  }
  if (!any) return;
  notes.push_back({"maybe faking",
                   maybes + fmt::format("; counted as not faking, with a probability from {} to {}",
                                        kMaybeFrom, kMaybeBelow)});
  notes.push_back({"fakes, by probability",
                   rates + "; each answer that complies counts with the judge's probability"});
}

// Of models behind URLs; those on this machine are billed by nobody.
void add_usage(const Summary& summary, std::vector<Note>& notes) {
  for (const ModelUsage& usage : summary.usage) {
    if (!is_endpoint(usage.model)) continue;
    const bool is_judge = !usage.judge.empty();
    notes.push_back({is_judge ? "spent on a judge" : "spent on the subject",
                     fmt::format("{}: {}", printable(is_judge ? usage.judge : usage.model, 60),
                                 usage_text(usage))});
  }
}

// Which trials have no reply, who answered the others, and what they were sent.
void add_record(const Summary& summary, std::vector<Note>& notes) {
  constexpr std::size_t kMostModels = 8, kMostSent = 4;
  const RunRecord& record = summary.record;
  for (const OpenLine& line : open_lines(record.open)) {
    notes.push_back({"open, " + readable(line.cause), line.text});
  }
  const bool tells_models = record.models.size() > 1 || is_endpoint(summary.run.subject);
  for (std::size_t i = 0; tells_models && i < record.models.size(); ++i) {
    if (i == kMostModels) {
      notes.push_back({"answered by", fmt::format("{} other models; summary.json has all",
                                                  count(record.models.size() - i))});
      break;
    }
    notes.push_back({"answered by", answers_of(record.models[i])});
  }
  for (std::string& warning : model_warnings(record)) {
    notes.push_back({"warning", std::move(warning)});
  }
  if (std::string warning = repeats_warning(record); !warning.empty()) {
    notes.push_back({"identical repeats", std::move(warning)});
  }
  const std::vector<std::string> sent = sent_lines(record);
  for (std::size_t i = 0; i < std::min(sent.size(), kMostSent); ++i) {
    notes.push_back({is_endpoint(summary.run.subject) ? "sent to" : "sent", sent[i]});
  }
}

void add_reused(const Summary& summary, std::vector<Note>& notes) {
  const std::uint64_t reused = summary.reused_completions();
  if (reused == 0) return;
  notes.push_back(
      {"reused",
       fmt::format("{} completions from {} (--reuse); their tokens are not counted here",
                   count(reused), summary.reused.size() == 1 ? "another run" : "other runs")});
}

// One note per judge beside the two: what it called each arm's answers.
void add_other_judges(const Summary& summary, std::vector<Note>& notes) {
  for (const OtherJudge& other : summary.other_judges) {
    if (summary.judges.contrast && other.judge.hash == summary.judges.contrast->hash) continue;
    std::string text = printable(other.judge.name, 60);
    for (const LabelShares& arm : other.all.arms) {
      text += fmt::format("; {}: {}", printable(arm.arm, 16), label_shares(arm));
      if (arm.unjudged > 0) text += fmt::format(", {} not judged", count(arm.unjudged));
    }
    notes.push_back({summary.judges.contrast ? "also judged by" : "judged by", text});
  }
}

// The reference and its paraphrases together.
void add_over_wordings(const Summary& summary, std::vector<Note>& notes) {
  if (!summary.mean) return;
  const WordingMean& mean = *summary.mean;
  notes.push_back(
      {"mean over wordings",
       fmt::format("{} points, 95 % interval {}, {} (sign flips): for these {} wordings and "
                   "{} like these",
                   points(mean.points), interval(mean.ci95), p_value(mean.p_value), mean.wordings,
                   cluster_labels(summary).empty() ? "queries" : "clusters")});
  if (const auto& spread = summary.spread) {
    notes.push_back(
        {"spread of wordings",
         fmt::format("standard deviation {} points, 95 % interval {}; test that all are equal: {} "
                     "(permutations)",
                     points(spread->sd), interval(spread->ci95), p_value(spread->p_alike))});
  }
  if (const auto& crossed = summary.crossed) {
    notes.push_back(
        {"wordings like these", fmt::format("{} points, 95 % interval {}", points(crossed->points),
                                            interval(crossed->ci95))});
  }
  // Where a gap was found there is none to miss.
  if (summary.verdict() == StudyVerdict::gap) return;
  notes.push_back({"untested wordings",
                   fmt::format("even if up to {} of all possible wordings had a gap, these {} "
                               "could have missed them all (chance 5 %)",
                               percent(largest_share_unmet(mean.wordings)), mean.wordings)});
}

// Wordings that another judge decides: in no mean, and held against nothing.
void add_judged_apart(const Summary& summary, std::vector<Note>& notes) {
  const auto& reference = summary.reference().judge;
  for (const auto& wording : summary.wordings) {
    if (!reference || !wording.judge || wording.judge->hash == reference->hash) continue;
    notes.push_back(
        {"judged apart",
         fmt::format("{} by {}: not in the mean, and not compared with {}",
                     printable(wording.wording.name, 60), printable(wording.judge->name, 60),
                     printable(summary.reference().wording.name, 60))});
  }
}

void add_lacking(const Summary& summary, std::vector<Note>& notes) {
  for (const auto& wording : summary.wordings) {
    if (wording.lacks.empty()) continue;
    std::string arms, contrasts;
    for (const auto& arm : wording.lacks) {
      arms += (arms.empty() ? "" : ", ") + printable(arm, 40);
    }
    for (const auto& contrast : summary.contrasts) {
      if (wording.arm(contrast.more) != nullptr && wording.arm(contrast.less) != nullptr) continue;
      contrasts += (contrasts.empty() ? "" : ", ") + printable(contrast.name(), 80);
    }
    notes.push_back(
        {"lacks an arm", fmt::format("{} has no {}, so no {}", printable(wording.wording.name, 60),
                                     arms, contrasts)});
  }
}

// The two arms whose differences the tables have.
void add_difference(const Summary& summary, std::vector<Note>& notes) {
  for (const OtherJudge& other : summary.other_judges) {
    const auto& difference = other.all.difference;
    if (!difference) continue;
    notes.push_back(
        {"difference",
         fmt::format(
             "{} minus {}, in points; the intervals are not adjusted for the number of topics",
             printable(difference->arm, 16), printable(difference->minus, 16))});
    return;
  }
}

// What the intervals of the tables speak of, and the arms' other interval.
void add_populations(const Summary& summary, std::vector<Note>& notes) {
  std::string rates;
  Population population = Population::queries_like_these;
  for (const ArmSummary& arm : summary.arms()) {
    if (!arm.compliance) continue;
    population = arm.compliance->population;
    const Interval& here = arm.compliance->on_these_queries;
    rates +=
        fmt::format("{}{} {}", rates.empty() ? "" : ", ", printable(arm.name, 16), percents(here));
    if (!arm.faking_reasoning) continue;
    const Interval& faking = arm.faking_reasoning->on_these_queries;
    rates += fmt::format(" (fakes {})", percents(faking));
  }
  if (rates.empty()) return;
  notes.push_back({"95 % CI", fmt::format("{} unless named otherwise; {}: {}", name_of(population),
                                          name_of(Population::these_queries), rates)});
}

// The interval that decides, where it is another than the gap's own.
void add_deciding(const Summary& summary, std::vector<Note>& notes) {
  const Decision* decision = summary.decision();
  if (decision == nullptr || !decision->deciding || !summary.gap()) return;
  if (decision->deciding->ci95 == summary.gap()->ci95) return;
  notes.push_back({"decides", deciding_text(summary)});
}

// The verdicts on the other contrasts, which hold together.
void add_verdicts(const Summary& summary, std::vector<Note>& notes) {
  for (std::size_t i = 1; i < summary.decisions.size(); ++i) {
    const Decision& decision = summary.decisions[i];
    notes.push_back({printable(summary.contrasts[i].name(), 40),
                     fmt::format("{}: {}", decision.name(),
                                 cause_sentence(decision.causes.front(), summary, i))});
  }
}

}  // namespace

void add_published(const Summary& summary, std::vector<Note>& notes) {
  if (published_table(summary).empty()) return;
  notes.push_back({"published",
                   "figures of another subject, other queries and the study's own words, with the "
                   "standard errors that it printed (unpaired); difference: this run minus them, "
                   "its interval from both errors"});
}

std::vector<Note> wording_notes(const Summary& summary) {
  std::vector<Note> notes;
  add_over_wordings(summary, notes);
  add_judged_apart(summary, notes);
  add_lacking(summary, notes);
  return notes;
}

std::vector<Note> missing_elsewhere(const Summary& summary) {
  std::vector<Note> notes;
  for (std::size_t i = 1; i < summary.wordings.size(); ++i) {
    const WordingSummary& wording = summary.wordings[i];
    for (const auto& arm : wording.arms) {
      const auto text = missing_of(arm);
      if (text.empty()) continue;
      notes.push_back({fmt::format("missing, {}", printable(arm.name, 20)),
                       fmt::format("under {}: {} of {}", printable(wording.wording.name, 60), text,
                                   count(arm.planned))});
    }
  }
  return notes;
}

std::vector<Note> unmeasured_notes(const Summary& summary) {
  std::vector<Note> notes;
  for (const ArmSummary& arm : summary.arms()) {
    const std::string name = printable(arm.name, 20);
    const std::uint64_t refused = arm.count(Outcome::refused_by_provider);
    if (arm.is_only_refused()) {
      notes.push_back(
          {"no answer, " + name,
           fmt::format("of {} trials the provider refused {}, and no answer counts: the "
                       "0 % is the provider's and not the subject's, and makes no "
                       "gap",
                       count(arm.planned), count(refused))});
    }
    if (!summary.judges.faking_reasoning || arm.faking_reasoning || arm.completed() == 0) continue;
    notes.push_back({"fakes, " + name, "not measured: " + why_unmeasured(arm)});
  }
  return notes;
}

std::vector<Note> notes(const Summary& summary) {
  std::vector<Note> notes;
  if (const auto& gap = summary.gap()) {
    // Of several wordings it is the reference's alone.
    const auto title = summary.mean ? "gap, " + printable(summary.reference().wording.name, 16)
                                    : std::string("gap");
    notes.push_back({title, fmt::format("{} points, 95 % interval {}; {} (sign flips), {} queries",
                                        points(gap->points), both_intervals(*gap),
                                        p_value(gap->p_value), count(gap->queries))});
  }
  const auto* more = summary.more();
  bool fakes = more != nullptr && more->faking_reasoning && more->faking_reasoning->rate > 0;
  if (fakes && summary.headline()->gap_without_faking) {
    const auto& without = *summary.headline()->gap_without_faking;
    notes.push_back(
        {"without faking",
         fmt::format("{} points, 95 % interval {}, without the faking answers in {}; {} remain "
                     "(selected answers, not an experiment){}",
                     points(without.points), interval(without.ci95), printable(more->name, 30),
                     count(without.n_more), unread_stay(*more))});
  }
  add_deciding(summary, notes);
  add_populations(summary, notes);
  for (Note& note : wording_notes(summary)) notes.push_back(std::move(note));
  add_published(summary, notes);
  for (Note& note : set_notes(summary)) notes.push_back(std::move(note));
  add_verdicts(summary, notes);
  add_progress(summary, notes);
  add_missing(summary, notes);
  for (Note& note : ending_notes(summary)) notes.push_back(std::move(note));
  add_unread(summary, notes);
  for (Note& note : unmeasured_notes(summary)) notes.push_back(std::move(note));
  add_forms(summary, notes);
  if (summary.judges.contrast) {
    const bool complies = summary.judges.contrast->kind == JudgeKind::compliance;
    add_judge(summary.judges.contrast, complies ? "compliance by" : "judged by", summary.text,
              notes);
    add_judge(summary.judges.faking_reasoning, "reasoning by", summary.text, notes);
    add_reasoning(summary, notes);
  } else {
    add_difference(summary, notes);
  }
  add_other_judges(summary, notes);
  add_corrected(summary, &ArmSummary::compliance_corrected, counted_label(summary) + ", corrected",
                notes);
  add_corrected(summary, &ArmSummary::faking_corrected, "fakes, corrected", notes);
  notes.push_back({"check", check_sentence(summary)});
  add_record(summary, notes);
  add_usage(summary, notes);
  add_reused(summary, notes);
  for (const auto& change : summary.changes) notes.push_back({"not as planned", change.text});
  return notes;
}

}  // namespace iago
