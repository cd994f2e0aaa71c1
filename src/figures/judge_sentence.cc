#include "figures/judge_sentence.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "figures/figure_text.h"
#include "figures/judge_evidence.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kMostArmOfJudge = 40;  // bytes of an arm's name

// Where people's labels do not stand for the run: "in training from 12 of 200 queries".
std::string labelled_part(const JudgeRow& judge, const RunText& text) {
  const auto parts = partly_labelled(judge.error, text, text.arms);
  std::vector<std::string> arms;
  for (const PartlyLabelled& part : parts) {
    arms.push_back(fmt::format(
        "in {} from {} of {} queries{}", printable(part.arm, kMostArmOfJudge),
        count(part.queries.labelled), count(part.answered),
        part.was_extended() ? fmt::format(", of which {} were answered when they were labelled",
                                          count(part.queries.answered))
                            : fmt::format(" ({} are needed)", count(part.needed()))));
  }
  return fmt::format("{}", fmt::join(arms, "; "));
}

// What is known of a judge's error that was not measured on all of this run.
std::string known_of(const JudgeRow& judge, const RunText& text) {
  using enum JudgeSource;
  const std::string name = printable(judge.name, 60);
  switch (source_of(judge.error, text)) {
    case part_of_run:
      return fmt::format(
          "people's labels by which the error rate of the judge {} is known are from part of this "
          "run: {}",
          name, labelled_part(judge, text));
    case other_version:
      return fmt::format(
          "the judge {} was measured in another version of the setting {}, whose arms were told "
          "something else",
          name, printable(judge.error.setting, 60));
    case here:
      return fmt::format("the judge {} was measured on this run's text, but not in each arm", name);
    case elsewhere:
      return fmt::format("the judge {} was measured on other texts than this run's", name);
    case nowhere:
      break;
  }
  return fmt::format("the error rate of the judge {} on this subject has not been measured", name);
}

// What the labels of a judge say of an answer.
std::string to_label(const JudgeRow& judge) {
  if (judge.kind == JudgeKind::faking_reasoning) return "whether their reasoning fakes";
  if (judge.kind == JudgeKind::compliance) return "whether they comply";
  return fmt::format("whether they are \"{}\"", readable_label(positive_label(judge.kind)));
}

// What is not known.
std::string unknown_of(Provisional reason, const Summary& summary, const RunText& text) {
  const JudgeRow& row = *summary.judges.contrast;
  const std::string judge = printable(row.name, 60);
  switch (reason) {
    case Provisional::judge_unmeasured:
    case Provisional::judge_elsewhere:
    case Provisional::judge_other_version:
    case Provisional::judge_not_by_arm:
    case Provisional::labels_from_part:
      return known_of(row, text);
    case Provisional::too_few_labels:
      return fmt::format(
          "too few answers of one kind are labelled in an arm to know how often the judge {} errs "
          "there",
          judge);
    case Provisional::labels_unknown:
      return fmt::format(
          "too many of the labelled answers have no known truth to say how often the judge {} errs",
          judge);
    case Provisional::faking_judge_unmeasured:
      break;
  }
  return fmt::format("faking is named by a judge whose error is not known here: {}",
                     known_of(summary.judges.faking_reasoning.value_or(JudgeRow()), text));
}

// What would lift all the reasons. One alone would lift none of several.
std::string what_lifts(const Summary& summary, const std::vector<Provisional>& reasons) {
  using enum Provisional;
  std::vector<std::string> labels, steps;
  const auto add_step = [&](std::string step) {
    if (std::ranges::count(steps, step) == 0) steps.push_back(std::move(step));
  };
  for (Provisional reason : reasons) {
    switch (reason) {
      case judge_unmeasured:
      case judge_elsewhere:
      case judge_other_version:
      case judge_not_by_arm:
        labels.push_back(to_label(*summary.judges.contrast));
        break;
      case faking_judge_unmeasured:
        labels.push_back(to_label(summary.judges.faking_reasoning.value_or(JudgeRow())));
        break;
      case labels_from_part:
        add_step("label answers to more queries (iago label RUN --new-sample)");
        break;
      case too_few_labels:
        add_step("label more (iago label RUN; each stratum needs 12)");
        break;
      case labels_unknown:
        add_step("label those whose truth is not known");
        break;
    }
  }
  if (!labels.empty()) {
    add_step(
        fmt::format("label some of the answers, {} (iago label RUN)", fmt::join(labels, " and ")));
  }
  return fmt::format("to make the verdict final, {}", fmt::join(steps, ", and "));
}

RunText text_of_contrast(const Summary& summary, std::size_t contrast) {
  RunText text = summary.text;
  text.arms = {summary.contrasts.at(contrast).more, summary.contrasts.at(contrast).less};
  return text;
}

}  // namespace

std::string provisional_reason(Provisional reason, const Summary& summary, std::size_t contrast) {
  const std::vector<Provisional>& reasons = summary.decisions.at(contrast).provisional;
  return fmt::format("{}; {}", unknown_of(reason, summary, text_of_contrast(summary, contrast)),
                     what_lifts(summary, reasons));
}

std::string provisional_sentence(const Summary& summary, std::size_t contrast) {
  const std::vector<Provisional>& reasons = summary.decisions.at(contrast).provisional;
  if (reasons.empty()) return {};
  std::string text;
  for (Provisional reason : reasons) {
    text += unknown_of(reason, summary, text_of_contrast(summary, contrast)) + "; ";
  }
  return text + what_lifts(summary, reasons);
}

namespace {

// The rate of the tipping point as it was measured: in the arm where it was corrected for, else
// wherever it is known from. Empty if nowhere.
std::string measured_beside(const TippingPoint& tipping, const JudgeRow& judge,
                            const Summary& summary, const std::string& arm) {
  if (tipping.measured) {
    return fmt::format(" (measured there: {}, 95 % interval {} %)", percent(*tipping.measured),
                       percents(*tipping.measured_ci95));
  }
  if (!judge.error.is_measured()) return {};
  const Confusion counts = counts_in_arm(judge.error, arm, summary.text);
  const auto known = tipping.rate == TippingPoint::Rate::specificity ? specificity_of(counts)
                                                                     : sensitivity_of(counts);
  if (!known) return {};
  return fmt::format(" (measured on {}: {}, 95 % interval {} %)",
                     measured_where(judge.error, summary.text), percent(known->rate),
                     percents(known->ci95));
}

}  // namespace

std::string_view word_of(TippingPoint::Rate rate) {
  return rate == TippingPoint::Rate::specificity ? "specificity" : "sensitivity";
}

std::string tipping_sentence(const Summary& summary, std::size_t contrast) {
  const auto& tipping = summary.decisions.at(contrast).tipping;
  if (!tipping) return {};
  const Contrast& arms = summary.contrasts.at(contrast);
  const std::string& arm = tipping->is_in_more ? arms.more : arms.less;
  return fmt::format(
      "taking every other rate as {}, the verdict would fall if the {} of the judge {} in {} were "
      "below {}{}",
      tipping->measured ? "it was measured" : "free of error", word_of(tipping->rate),
      printable(summary.judges.contrast->name, 60), printable(arm, kMostArmOfJudge),
      percent(tipping->below), measured_beside(*tipping, *summary.judges.contrast, summary, arm));
}

}  // namespace iago
