// iago report RUN
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "report/terminal.h"

namespace iago::cli {

int report_command(const ReportArguments& arguments, const Context&) {
  Store store(arguments.run / "run.db");
  Summary summary = summarize(store);
  if (arguments.format == "json") {
    fmt::print("{}\n", dump_json(to_json(summary), 2));
  } else if (arguments.format == "md") {
    fmt::print("{}", markdown_table(summary));
  } else {
    fmt::print("{}", terminal_table(summary, {.colour = wants_colour(1) ? Colour::on : Colour::off,
                                              .width = terminal_width(1),
                                              .folder = arguments.run}));
  }
  return 0;
}

}  // namespace iago::cli
