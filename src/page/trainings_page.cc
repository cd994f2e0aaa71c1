// Several trainings as one static page (html/trainings.html).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/version.h"
#include "figures/figure_text.h"
#include "figures/trainings.h"
#include "page/internal/html_text.h"
#include "page/internal/page_parts.h"
#include "page/internal/page_source.h"
#include "page/internal/track.h"
#include "page/page.h"
#include "text/printable.h"

namespace iago {
namespace {

// What a line shows, by its colour in the style sheet.
constexpr const char* kClasses[] = {"more", "less", "faking"};

void add_line(const std::string& colour, const std::string& points, const std::string& title,
              Fields& plot) {
  plot.add("line").set("class", colour).set("points", points).set("title", printable(title));
}

// Compliance in both arms and faking along the steps, a line a seed.
void add_course(const ComparedTraining& one, Fields& page) {
  const TrainingPlan& plan = one.training.plan;
  const TrackFrame frame{0, static_cast<double>(plan.steps), 0, kPoints};
  const std::vector<TrainingTrack> all = tracks(one.training);
  Fields* plot = nullptr;
  for (std::size_t t = 0; t < std::min(all.size(), std::size(kClasses)); ++t) {
    for (std::size_t s = 0; s < all[t].seeds.size(); ++s) {
      const auto values = points_of(all[t].seeds[s]);
      if (std::ranges::count_if(values, [](const auto& v) { return v.has_value(); }) < 2) continue;
      if (plot == nullptr) {
        plot = &add_track({one.name, "per cent", fmt::format("over steps 0 to {}", plan.steps)},
                          frame, page);
        add_track_levels(frame, kPoints / 2, *plot);
      }
      add_line(kClasses[t], polyline(frame, {all[t].steps.begin(), all[t].steps.end()}, values),
               fmt::format("{}, seed {}", all[t].name, one.training.seeds[s].seed), *plot);
    }
  }
}

std::string line_through(const TrackFrame& frame, const std::vector<RewardAtKl>& points) {
  std::vector<double> at;
  std::vector<std::optional<double>> values;
  for (const RewardAtKl& point : points) {
    if (point.kl > frame.last) continue;
    at.push_back(point.kl);
    values.emplace_back(point.reward);
  }
  return polyline(frame, at, values);
}

// Reward over divergence of the trainings of one subject, beside the largest there is.
void add_frontier(const std::vector<WithOptimum>& trainings, Fields& page) {
  const ComparedTraining& first = *trainings.front().compared;
  TrackFrame frame{0, 0.5, 0, kPoints};
  for (const auto& [one, optimum] : trainings) {
    frame.last = std::max(frame.last, optimum.trained.kl);
    for (const TrainingSeed& seed : one->training.seeds) {
      for (const RewardAtKl& at : reward_along(seed)) frame.last = std::max(frame.last, at.kl);
    }
  }
  frame.last = std::ceil(2 * frame.last) / 2;
  Fields& plot = add_track({first.training.plan.model, "rewarded, per cent",
                            fmt::format("over KL from 0 to {:g} nats of an answer", frame.last)},
                           frame, page.add("frontier"));
  add_track_levels(frame, kPoints / 2, plot);
  plot.add("mean").set("points", line_through(frame, largest_rewards(first)));
  for (const auto& [one, optimum] : trainings) {
    for (const TrainingSeed& seed : one->training.seeds) {
      add_line("less", line_through(frame, reward_along(seed)),
               fmt::format("{}, seed {}", one->name, seed.seed), plot);
    }
    const std::string at = frame.point(optimum.trained.kl, kPoints * optimum.trained.rewarded);
    add_line("dot", at + " " + at, fmt::format("optimum at b = {:g}", optimum.kl_weight), plot);
  }
}

}  // namespace

std::string html_page(const std::vector<ComparedTraining>& trainings) {
  const Contrast& contrast = trainings.front().training.plan.contrast;
  Fields page;
  page.set("program", std::string(kVersion));
  page.set("title", counted(trainings.size(), "training", "trainings"));
  page.set("heading", unbroken(trainings_heading(trainings)));
  page.set("conclusion", unbroken(trainings_conclusion(trainings)));
  page.set("more", printable(contrast.more)).set("less", printable(contrast.less));
  for (const ComparedTraining& one : trainings) add_course(one, page);
  for (const auto& group : with_optimum_by_subject(trainings)) add_frontier(group, page);
  for (const RemarkedTable& table : tables_of(trainings)) {
    add_table(table.rows, page.add("table").set("remark", table.remark));
  }
  for (const ComparedTraining& one : trainings) {
    const TrainingPlan& plan = one.training.plan;
    Fields& shown = page.add("training");
    shown.set("name", short_name(one.name)).set("model", short_name(plan.model));
    shown.set("identity", printable(plan.identity)).set("queries", printable(plan.split));
    for (const auto& [name, value] : plan.options) add_option(name, value, shown);
  }
  return filled_page(kTrainingsHtml, page);
}

}  // namespace iago
