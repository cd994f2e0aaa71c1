// The memory and time that a checkpoint on this machine takes, for `iago plan`
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "cli/internal/prepared_run.h"
#include "cli/internal/progress.h"
#include "models/checkpoint_path.h"
#include "models/local_model.h"
#include "models/local_speed.h"
#include "text/printable.h"

namespace iago {
namespace {

constexpr std::string_view kKind = "local:";

// "1.2 GB", "540 MB".
std::string size_text(double bytes) {
  return bytes >= 1e9 ? fmt::format("{:.1f} GB", bytes * 1e-9)
                      : fmt::format("{:.0f} MB", std::max(1.0, bytes * 1e-6));
}

}  // namespace

std::optional<PlannedCheckpoint> plan_checkpoint(const PreparedRun& run,
                                                 std::vector<std::string> notes) {
  const std::string& name = run.outline.subject.name;
  if (!name.starts_with(kKind) || run.estimates.empty()) return std::nullopt;
  const std::filesystem::path folder = parse_checkpoint_path(name.substr(kKind.size())).folder;
  const LocalNeeds needs = local_needs(folder);
  const ModelEstimate& estimate = run.estimates.front();
  const auto requests = std::max<double>(1, static_cast<double>(estimate.requests));
  const double prompt = static_cast<double>(estimate.prompt_tokens) / requests;
  const double answer = static_cast<double>(estimate.most_generated) / requests;
  // Repeats share their prompt.
  const auto repeats = static_cast<std::size_t>(run.loaded.study.repeats);
  const auto distinct = static_cast<double>(run.outline.trials / repeats);
  const double prompts = prompt * std::min(requests, distinct);
  const auto at_once = std::min<double>(requests, static_cast<double>(needs.batch));
  const double speed = estimate_tokens_per_second(
      load_config(folder), needs.threads, static_cast<std::size_t>(at_once), prompt + answer / 2);
  const double cache = needs.cache_bytes_per_token * (at_once * answer + prompts);
  return PlannedCheckpoint{
      .notes = std::move(notes),
      .threads = needs.threads,
      .batch = needs.batch,
      .weight_bytes = needs.weight_bytes,
      .cache_bytes_per_token = needs.cache_bytes_per_token,
      .cache_bytes_at_most = std::min(cache, needs.cache_bytes),
      .tokens_per_second = speed,
      .seconds_at_most = (prompts + static_cast<double>(estimate.most_generated)) / speed};
}

std::string checkpoint_text(const PreparedRun& run) {
  if (!run.checkpoint) return {};
  const PlannedCheckpoint& checkpoint = *run.checkpoint;
  std::string text;
  for (const std::string& note : checkpoint.notes) text += printable(note, 400) + "\n";
  text +=
      fmt::format("memory: {} of weights, at most {} of keys and values\n",
                  size_text(checkpoint.weight_bytes), size_text(checkpoint.cache_bytes_at_most));
  text += fmt::format(
      "time: at most about {} if every reply is as long as allowed, at {} tokens a second (an "
      "estimate from matrix products on {} thread{})\n",
      format_duration(checkpoint.seconds_at_most),
      checkpoint.tokens_per_second < 10
          ? fmt::format("{:.1f}", checkpoint.tokens_per_second)
          : grouped(static_cast<std::uint64_t>(checkpoint.tokens_per_second)),
      checkpoint.threads, checkpoint.threads == 1 ? "" : "s");
  return text;
}

}  // namespace iago
