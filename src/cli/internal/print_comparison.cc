#include "cli/internal/print_comparison.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/internal/progress.h"
#include "page/page.h"

namespace iago {

void print_comparison(const Comparison& comparison, const std::string& format) {
  if (format == "json") {
    fmt::print("{}\n", dump_json(to_json(comparison), 2));
  } else if (format == "md") {
    fmt::print("{}", markdown_table(comparison));
  } else if (format == "html") {
    fmt::print("{}", html_page(comparison));
  } else {
    auto colour = wants_colour(1) ? Colour::on : Colour::off;
    fmt::print("{}", terminal_table(comparison, {colour, terminal_width(1), {}}));
  }
}

}  // namespace iago
