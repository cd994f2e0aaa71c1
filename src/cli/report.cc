// iago report RUN
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "figures/terminal.h"
#include "page/page.h"

namespace iago {

int report_command(const ReportArguments& arguments, const Context&) {
  Store store(arguments.run / "run.db");
  Summary summary = summarize(store, choose_judges(store, arguments.judges), arguments.margin);
  if (arguments.format == "json") {
    fmt::print("{}\n", dump_json(to_json(summary), 2));
  } else if (arguments.format == "html") {
    std::string page = html_page(store, summary);
    std::fwrite(page.data(), 1, page.size(), stdout);
  } else if (arguments.format == "md") {
    fmt::print("{}", markdown_table(summary));
  } else {
    fmt::print("{}", terminal_table(summary, {.colour = wants_colour(1) ? Colour::on : Colour::off,
                                              .width = terminal_width(1),
                                              .folder = arguments.run}));
  }
  return 0;
}

}  // namespace iago
