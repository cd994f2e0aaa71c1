// The work of iago organism grow, in iago-torch
#include "cli/internal/grow_organism.h"

#include <fmt/format.h>

#include "base/error.h"
#include "cli/internal/exit_status.h"
#include "cli/internal/interrupt.h"
#include "cli/internal/progress.h"
#include "cli/internal/streams.h"
#include "organism/grow.h"

namespace iago {

int grow_organism(const OrganismGrowArguments& arguments, const Context&) {
  namespace fs = std::filesystem;
  InterruptGuard interrupt;
  SystemClock clock;
  fs::path file =
      fs::is_directory(arguments.recipe) ? arguments.recipe / "recipe.toml" : arguments.recipe;
  Recipe recipe = load_recipe(file);
  GrowOptions options{
      .folder = arguments.folder.empty() ? fs::absolute(file).parent_path() : arguments.folder,
      .device = arguments.cuda ? Device::cuda : Device::cpu,
      .workers = arguments.workers,
      .fresh = arguments.fresh,
      .stop = interrupt.no_more()};
  Growth growth;
  {
    ProgressLine line(clock);
    options.on_step = [&](const TrainProgress& p) {
      line.show(fmt::format("{}: step {} of {}, loss {:.4f}, {:.0f} tokens/s, {} left", recipe.name,
                            p.step, p.steps, p.loss_per_weight, p.tokens_per_s,
                            format_duration(p.seconds_left)));
    };
    growth = grow(recipe, options, clock);
  }
  const TrainReport& report = growth.training;
  if (!report.finished) {
    print_stderr(fmt::format("{}: stopped at step {} of {}; run the same command to resume\n",
                             growth.recipe, report.step, growth.steps));
    return kInterrupted;
  }
  fmt::print("{}: {} parameters, {} steps here in {}, loss {:.4f}, in {}\n", recipe.name,
             growth.parameters, report.step, format_duration(report.seconds),
             report.loss_per_weight, options.folder.string());
  return 0;
}

}  // namespace iago
