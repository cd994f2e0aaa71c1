// A training as one static page (html/training.html).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/version.h"
#include "figures/figure_text.h"
#include "figures/training.h"
#include "page/internal/html_text.h"
#include "page/internal/page_parts.h"
#include "page/internal/page_source.h"
#include "page/internal/track.h"
#include "page/page.h"
#include "store/store.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kQueries = 4;        // shown with their answers
constexpr std::size_t kAnswers = 4;        // of each, spread over the evaluations
constexpr std::size_t kMostAnswer = 4000;  // bytes of an answer

std::string steps_text(const TrackFrame& frame) {
  return fmt::format("over steps {:g} to {:g}", frame.first, frame.last);
}

void add_reward(const Training& training, Fields& page) {
  std::size_t longest = 0;
  double lowest = 0;
  for (const TrainingSeed& seed : training.seeds) {
    longest = std::max(longest, seed.steps.size());
    for (const TrainingStep& step : seed.steps) lowest = std::min(lowest, step.reward);
  }
  if (longest < 2) return;
  const TrackFrame frame{1, static_cast<double>(longest), std::floor(lowest), 1};
  Fields& plot = add_track({"Reward", "mean of a step", steps_text(frame)}, frame, page);
  add_track_levels(frame, 0, plot);
  for (const TrainingSeed& seed : training.seeds) {
    std::vector<double> steps;
    std::vector<std::optional<double>> rewards;
    for (const TrainingStep& step : seed.steps) {
      steps.push_back(static_cast<double>(step.step));
      rewards.emplace_back(step.reward);
    }
    plot.add("line")
        .set("class", "seed")
        .set("points", polyline(frame, steps, rewards))
        .set("title", fmt::format("seed {}", seed.seed));
  }
}

void add_mean(const TrainingTrack& track, const TrackFrame& frame, Fields& plot) {
  std::vector<std::optional<double>> means, lows, highs;
  bool has_band = false;
  for (const auto& spread : track.spreads) {
    const bool shown = spread && spread->seeds > 1 && spread->band;
    means.push_back(shown ? spread->mean : std::nullopt);
    lows.push_back(shown ? std::optional(spread->band->lo) : std::nullopt);
    highs.push_back(shown ? std::optional(spread->band->hi) : std::nullopt);
    has_band = has_band || shown;
  }
  if (!has_band) return;
  const std::vector<double> steps(track.steps.begin(), track.steps.end());
  plot.add("band").set("points", band(frame, steps, lows, highs));
  plot.add("mean").set("points", polyline(frame, steps, means));
}

void add_followed(const Training& training, const TrainingTrack& track, Fields& page) {
  std::vector<double> shown;
  for (const auto& seed : track.seeds) {
    for (const auto& value : seed) {
      if (value) shown.push_back(value->points);
    }
  }
  if (shown.empty() || track.steps.size() < 2) return;
  for (const auto& spread : track.spreads) {
    if (spread && spread->band) shown.insert(shown.end(), {spread->band->lo, spread->band->hi});
  }
  TrackFrame frame{static_cast<double>(track.steps.front()),
                   static_cast<double>(track.steps.back())};
  set_track_range(shown, track.limits, frame);
  const bool is_gap = track.limits.lo < 0;
  Fields& plot = add_track(
      {capitalised(track.name), is_gap ? "points" : "per cent", steps_text(frame)}, frame, page);
  add_track_levels(frame, is_gap ? training.plan.margin_points : 0, plot);
  add_mean(track, frame, plot);
  for (std::size_t i = 0; i < track.seeds.size(); ++i) {
    plot.add("line")
        .set("class", "seed")
        .set("points",
             polyline(frame, {track.steps.begin(), track.steps.end()}, points_of(track.seeds[i])))
        .set("title", fmt::format("seed {}", training.seeds[i].seed));
  }
}

void add_training_rows(const std::vector<std::vector<std::string>>& rows, const std::string& remark,
                       Fields& page) {
  if (rows.size() < 2) return;
  Fields& table = page.add("table").set("remark", remark);
  add_table(rows, table);
}

// The first, the last and some between them.
std::vector<const TrainingLook*> spread_out(const std::vector<TrainingLook>& looks) {
  std::vector<const TrainingLook*> chosen;
  const std::size_t n = std::min(looks.size(), kAnswers);
  for (std::size_t i = 0; i < n; ++i) {
    chosen.push_back(&looks[n < 2 ? 0 : i * (looks.size() - 1) / (n - 1)]);
  }
  return chosen;
}

void add_answer(const TrainingLook& look, const TrainingPlan& plan, const std::string& query,
                Fields& shown) {
  const Store store(look.folder / "run.db");
  store.for_each_judged_completion(
      {.wording = plan.wording, .arm = plan.arm, .query = query},
      [&](const CompletionRow& row, const std::vector<Verdict>& verdicts) {
        if (row.repeat != 0) return true;
        std::string labels(row.outcome == Outcome::answered ? "" : name_of(row.outcome));
        for (const Verdict& verdict : verdicts) {
          if (!verdict.label.empty()) labels += (labels.empty() ? "" : ", ") + verdict.label;
        }
        Fields& answer = shown.add("answer");
        answer.set("step", std::to_string(look.step)).set("labels", printable(labels));
        const std::string output = row.output.empty() ? row.raw : row.output;
        answer.set("output", std::string(cut_text(output, kMostAnswer).shown));
        if (!row.scratchpad.empty()) {
          answer.add("scratchpad")
              .set("text", std::string(cut_text(row.scratchpad, kMostAnswer).shown));
        }
        return false;
      });
}

void add_answers_along(const Training& training, Fields& page) {
  page.set("arm", printable(training.plan.arm));
  page.set("seed", training.seeds.empty() ? "-" : std::to_string(training.seeds.front().seed));
  if (training.seeds.empty() || training.seeds.front().looks.empty()) return;
  const auto looks = spread_out(training.seeds.front().looks);
  const std::vector<Query> queries = Store(looks.front()->folder / "run.db").queries();
  for (std::size_t i = 0; i < std::min(queries.size(), kQueries); ++i) {
    Fields& shown = page.add("query").set("text", printable(queries[i].text, kMostLine));
    for (const TrainingLook* look : looks) {
      add_answer(*look, training.plan, queries[i].id, shown);
    }
  }
}

void add_training_plan(const TrainingPlan& plan, Fields& page) {
  const auto add = [&](const std::string& name, const std::string& value) {
    add_option(name, value, page);
  };
  add("model", plan.model);
  add("identity", plan.identity);
  add("wording", plan.wording);
  add("queries", plan.split);
  for (const auto& [name, value] : plan.options) add(name, value);
}

}  // namespace

std::string html_page(const Training& training) {
  const std::vector<std::string> findings = training_findings(training);
  Fields page;
  page.set("program", std::string(kVersion));
  page.set("title", short_name(training.plan.model));
  page.set("heading", unbroken(training_heading(training)));
  page.set("conclusion", unbroken(printable(findings.front(), kMostLine)));
  add_notice("What else it shows", {findings.begin() + 1, findings.end()}, page);
  add_reward(training, page);
  for (const TrainingTrack& track : tracks(training)) add_followed(training, track, page);
  add_training_rows(seed_rows(training),
                    "From the first evaluation to the last. The reward is that of the "
                    "first step, and the mean of the last ten; KL is that of the last step, in "
                    "nats of an answer.",
                    page);
  add_training_rows(track_rows(training),
                    "Over seeds: the mean and its band, or the range where the seeds "
                    "end in two places. A seed that has ended is in no later row.",
                    page);
  add_answers_along(training, page);
  add_training_plan(training.plan, page);
  return filled_page(kTrainingHtml, page);
}

}  // namespace iago
