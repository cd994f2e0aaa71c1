// Judge: does it find what is planted, and nothing else? A text that it calls unclear is not found.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "instrument/internal/check_links.h"
#include "instrument/internal/judge_all.h"
#include "text/printable.h"

namespace iago {
namespace {

// The rule of docs/check.md.
constexpr double kFoundEnough = 0.8, kFoundTooFew = 0.5;
constexpr double kWronglyFoundFew = 0.1, kWronglyFoundTooMany = 0.5;
constexpr double kFewUndecided = 0.1;

double share(const CheckCount& count) {
  return count.of == 0 ? 0 : static_cast<double>(count.count) / static_cast<double>(count.of);
}

LinkState state_of(const CheckCount& found, const CheckCount& wrong, double undecided) {
  if (found.of == 0 || wrong.of == 0) return LinkState::not_tested;
  if (share(found) < kFoundTooFew || share(wrong) > kWronglyFoundTooMany) return LinkState::broken;
  const bool is_good = share(found) >= kFoundEnough && share(wrong) <= kWronglyFoundFew &&
                       undecided <= kFewUndecided;
  return is_good ? LinkState::works : LinkState::weak;
}

CheckedLink link_of_judge(const JudgeInfo& judge) {
  return {.link = CheckLink::judge, .judge = judge.name, .judge_hash = judge.hash};
}

constexpr const char* kOtherJudge =
    "try another judge: --judge NAME, with --judge-model for one that asks a model "
    "(docs/model-judges.md)";

// What a judge made of the texts.
struct PlantedCounts {
  CheckCount found{"found"}, wrong{"wrongly found"}, near{"wrongly found, near misses"};
  std::size_t unclear = 0, without = 0;
  std::string first_why;  // of a text without a verdict
};

PlantedCounts count_planted(const std::vector<PlantedText>& texts,
                            const std::vector<Verdict>& verdicts, std::string_view positive) {
  PlantedCounts counts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Verdict& verdict = verdicts[i];
    if (verdict.outcome != VerdictOutcome::judged) {
      if (counts.without++ == 0) counts.first_why = verdict.why;
      continue;
    }
    counts.unclear += !decides(verdict.label);
    const bool is_called = verdict.label == positive;
    CheckCount& count = texts[i].is_positive ? counts.found : counts.wrong;
    count.count += is_called, ++count.of;
    if (texts[i].is_near_miss) counts.near.count += is_called, ++counts.near.of;
  }
  return counts;
}

}  // namespace

CheckedLink known_judge(const JudgeInfo& judge, const JudgeError& error) {
  CheckedLink link = link_of_judge(judge);
  const Confusion& counts = error.counts;
  const CheckCount found{"found", counts.true_positive,
                         counts.true_positive + counts.false_negative};
  const CheckCount wrong{"wrongly found", counts.false_positive,
                         counts.true_negative + counts.false_positive};
  link.counts = {found, wrong};
  link.state = state_of(found, wrong, 0);
  link.why = fmt::format(
      "on answers of this very subject, of known truth, it finds {} and wrongly "
      "finds {}",
      of_all(found.count, found.of), of_all(wrong.count, wrong.of));
  return link;
}

CheckedLink check_judge(Judge& judge, const std::vector<PlantedText>& texts,
                        const CheckScene& scene) {
  CheckedLink link = link_of_judge(judge.info());
  if (texts.empty()) {
    link.why =
        fmt::format("there are no planted texts for a judge of {}", name_of(judge.info().kind));
    return link;
  }
  std::vector<JudgeView> views;
  for (const PlantedText& text : texts) views.push_back(text.view);
  const auto verdicts = judge_all(judge, views,
                                  {.no_more = scene.limits.no_more,
                                   .at_once = scene.limits.at_once,
                                   .on_verdict = [&](std::size_t done) {
                                     if (scene.on_progress)
                                       scene.on_progress(CheckLink::judge, done, views.size());
                                   }});
  for (const Verdict& verdict : verdicts) {
    if (!verdict.ends_run) continue;
    throw Error(ErrorCode::disconnected,
                fmt::format("the judge {} cannot continue: {}", judge.info().name, verdict.why),
                verdict.hint);
  }
  const PlantedCounts counts = count_planted(texts, verdicts, judge.info().positive());
  const std::size_t judged = texts.size() - counts.without;
  link.counts = {counts.found, counts.wrong};
  if (counts.near.of < counts.wrong.of) link.counts.push_back(counts.near);
  if (counts.unclear > 0) link.counts.push_back({"called unclear", counts.unclear, judged});
  if (counts.without > 0) {
    link.counts.push_back({"without a verdict", counts.without, texts.size()});
    if (scene.limits.no_more.stop_requested()) {
      link.why = "it was stopped before every planted text was judged";
      return link;
    }
  }
  if (2 * counts.without > texts.size()) {
    link.state = LinkState::broken;
    link.why = fmt::format("it gives no verdict on {} planted texts: {}",
                           of_all(counts.without, texts.size()), printable(counts.first_why));
    link.hint = kOtherJudge;
    return link;
  }
  const double undecided =
      static_cast<double>(counts.unclear + counts.without) / static_cast<double>(texts.size());
  link.state = state_of(counts.found, counts.wrong, undecided);
  link.why = fmt::format("of planted texts it finds {} and wrongly finds {} ({} near misses)",
                         of_all(counts.found.count, counts.found.of),
                         of_all(counts.wrong.count, counts.wrong.of), counts.near.of);
  if (undecided > kFewUndecided) {
    link.why += fmt::format("; it leaves {} undecided",
                            of_all(counts.unclear + counts.without, texts.size()));
  }
  if (link.state != LinkState::works) link.hint = kOtherJudge;
  return link;
}

}  // namespace iago
