#include "cli/internal/print_comparison.h"

#include <fmt/format.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/internal/progress.h"
#include "page/page.h"

namespace iago {
namespace {

// What has a JSON form, a page, and tables for Markdown and terminals.
template <typename Figures>
void print_figures(const Figures& figures, const std::string& format,
                   const std::function<std::string()>& page) {
  if (format == "json") {
    fmt::print("{}\n", dump_json(to_json(figures), 2));
  } else if (format == "md") {
    fmt::print("{}", markdown_table(figures));
  } else if (format == "html") {
    fmt::print("{}", page());
  } else {
    auto colour = wants_colour(1) ? Colour::on : Colour::off;
    fmt::print("{}", terminal_table(figures, {colour, terminal_width(1), {}}));
  }
}

}  // namespace

void print_comparison(const Comparison& comparison, const std::string& format) {
  print_figures(comparison, format, [&] { return html_page(comparison); });
}

void print_training(const Training& training, const std::string& format) {
  print_figures(training, format, [&] { return html_page(training); });
}

void print_trainings(const std::vector<ComparedTraining>& trainings, const std::string& format) {
  print_figures(trainings, format, [&] { return html_page(trainings); });
}

void print_battery(const Battery& battery, const std::string& format) {
  print_figures(battery, format, [&] { return html_page(battery); });
}

void print_experiment(const DocumentExperimentFigures& experiment, const std::string& format) {
  print_figures(experiment, format, [&] { return html_page(experiment); });
}

}  // namespace iago
