// The time that a planned run takes, for `iago plan`
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/model_name.h"
#include "cli/internal/prepared_run.h"
#include "cli/internal/progress.h"
#include "models/open_model.h"
#include "run/sampling.h"
#include "spend/budgeted_model.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kShown = 200;  // columns of a name

bool asks_a_server(const PreparedRun& run) {
  return std::ranges::any_of(
      run.estimates, [](const ModelEstimate& estimate) { return is_endpoint(estimate.model); });
}

// Asks for the limits of the models that a run asks, each once.
class Prober {
 public:
  Prober(const PreparedRun& run, const StudyOptions& options, const PriceTable& prices,
         const Context& context)
      : run_(run),
        options_(options),
        prices_(prices),
        context_(context),
        before_(spent_in(run.folder, prices)),
        budget_(options.budget.limits, clock_, before_) {}

  void probe(PlannedTime& time) {
    for (const ModelEstimate& estimate : run_.estimates) {
      if (!is_endpoint(estimate.model) || estimate.requests == 0) continue;
      const bool of_subject = estimate.judge.empty();
      const EndpointSettings& endpoint =
          of_subject ? options_.endpoints.subject : options_.endpoints.judges;
      ProbedModel& probed = probe_once(estimate.model, endpoint, of_subject, time.probed);
      probed.add(estimate, samples_together(estimate, endpoint));
    }
    time.spent_on_probes = spent();
    time.least = least_time(time.probed);
  }

 private:
  ProbedModel& probe_once(const std::string& name, const EndpointSettings& endpoint,
                          bool of_subject, std::vector<ProbedModel>& probed) {
    BudgetedModel model(
        open_model(name, {.organisms = context_.data / "organisms", .endpoint = endpoint}), budget_,
        prices_.of(name));
    const std::string identity = model.info().identity;
    auto known = std::ranges::find(probed, identity,
                                   [](const ProbedModel& other) { return other.probe.identity; });
    if (known != probed.end()) return *known;
    probed.push_back({.probe = probe_limits(model, of_subject ? of_plan() : of_judge(), clock_)});
    return probed.back();
  }

  ChatRequest of_plan() const {
    const Study& study = run_.loaded.study;
    ChatRequest request =
        request_of(run_.plan, run_.plan.trials.front(), study.sampling, study.seed);
    request.id = "probe " + request.id;
    return request;
  }

  static ChatRequest of_judge() {
    ChatRequest request;
    request.id = "probe";
    request.messages = {{Role::user, "Are you there?"}};
    return request;
  }

  // Only equal requests go together: the repeats of one prompt, or the votes on one completion. By
  // Anthropic's protocol none do.
  int samples_together(const ModelEstimate& estimate, const EndpointSettings& endpoint) const {
    if (estimate.model.starts_with("anthropic:")) return 1;
    const std::uint64_t completions = std::max<std::uint64_t>(run_.estimates.front().requests, 1);
    const int equal = estimate.judge.empty() ? run_.loaded.study.repeats
                                             : static_cast<int>(estimate.requests / completions);
    return std::clamp(endpoint.samples_per_request, 1, std::max(equal, 1));
  }

  Spent spent() const {
    Spent spent = budget_.spent();
    spent.cost -= before_.cost;
    spent.usage.prompt -= before_.usage.prompt;
    spent.usage.generated -= before_.usage.generated;
    return spent;
  }

  const PreparedRun& run_;
  const StudyOptions& options_;
  const PriceTable& prices_;
  const Context& context_;
  const SystemClock clock_;
  const Spent before_;
  Budget budget_;
};

// "12,000"; below 10 with its decimals.
std::string amount(double value) {
  return value < 10 ? fmt::format("{:.3g}", value)
                    : grouped(static_cast<std::uint64_t>(std::llround(value)));
}

// "500 requests and 30,000 tokens a minute". What a full allowance holds is told where it is
// another number: it may go at once.
std::string limits_text(const std::vector<RateLimit>& limits) {
  if (limits.empty()) return "the server states no limits";
  std::string text = "limits ";
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const RateLimit& limit = limits[i];
    if (i > 0) text += i + 1 == limits.size() ? " and " : ", ";
    text += fmt::format("{} {}", amount(limit.per_minute()), name_of(limit.kind, ' '));
    if (std::abs(limit.size - limit.per_minute()) > 0.01 * limit.size) {
      text += fmt::format(" ({} at once)", amount(limit.size));
    }
  }
  return text + " a minute";
}

std::string probes_text(const PlannedTime& time, const PriceTable& prices) {
  const std::size_t count = time.probed.size();
  const Spent& spent = time.spent_on_probes;
  std::string text =
      fmt::format("sent {} request{} to learn the limits: {} prompt tokens and {} generated", count,
                  count == 1 ? "" : "s", spent.usage.prompt, spent.usage.generated);
  if (spent.cost > 0) {
    text += fmt::format(", ${:.4f} at the prices of {}", spent.cost, prices.date());
  }
  text += "\n";
  for (const ProbedModel& model : time.probed) {
    text += fmt::format("{}: {}; the reply of one token took {:.2f} s\n",
                        printable(model.probe.model, kShown), limits_text(model.probe.limits),
                        model.probe.seconds);
  }
  return text;
}

std::string least_text(const PlannedTime& time) {
  const TimeBound& least = *time.least;
  const std::string model = printable(least.model, kShown);
  if (!least.kind) {
    return fmt::format(
        "time: at least about {}, if {} answers each request as fast as this one; longer replies "
        "take longer\n",
        format_duration(least.seconds), model);
  }
  std::string text;
  if (least.seconds <= 0) {
    text = "time: the limits allow all requests at once";
  } else {
    text = fmt::format("time: at least {}, because of the limit on {} of {}",
                       format_duration(least.seconds), name_of(*least.kind, ' '), model);
  }
  if (least.seconds_for_longest > least.seconds) {
    text += fmt::format("; {} if every reply is as long as allowed",
                        format_duration(least.seconds_for_longest));
  }
  return text + "\n";
}

}  // namespace

PlannedTime time_of(const PreparedRun& run, const StudyOptions& options, const PriceTable& prices,
                    const Context& context) {
  PlannedTime time;
  time.at_own_pace = seconds_left(run.plan, run.folder);
  if (!time.at_own_pace) {
    if (auto earlier = pace_of_earlier_runs(options.runs.folder, run.plan.subject, run.folder)) {
      time.at_earlier_pace =
          static_cast<double>(run.estimates.front().requests) / earlier->completions_per_second;
      time.earlier_run = earlier->run;
    }
  }
  if (options.probe) Prober(run, options, prices, context).probe(time);
  return time;
}

std::optional<PlannedTime::Figure> PlannedTime::figure() const {
  if (least && least->kind) return Figure{least->seconds, "limits"};
  if (at_own_pace) return Figure{*at_own_pace, "earlier sessions"};
  if (at_earlier_pace) return Figure{*at_earlier_pace, "run " + earlier_run};
  if (least) return Figure{least->seconds, "latency"};
  return std::nullopt;
}

std::string time_text(const PreparedRun& run, const PriceTable& prices) {
  const PlannedTime& time = run.time;
  std::string text;
  if (!time.probed.empty()) text += probes_text(time, prices);
  if (time.least) text += least_text(time);
  if (time.at_own_pace && *time.at_own_pace == 0) {
    text += "time: nothing is left to sample; the run has all of these completions\n";
  } else if (time.at_own_pace) {
    text += fmt::format("time: the rest takes {} at the pace so far\n",
                        format_duration(*time.at_own_pace));
  } else if (time.at_earlier_pace) {
    text += fmt::format(
        "time: about {} at the pace of run {} (the same subject, perhaps another "
        "study)\n",
        format_duration(*time.at_earlier_pace), printable(time.earlier_run, kShown));
  }
  if (text.empty() && asks_a_server(run)) {
    text = "time: unknown; --probe asks for one token to learn the server's limits\n";
  }
  return text;
}

}  // namespace iago
