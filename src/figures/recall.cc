#include "figures/recall.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace iago {

Json to_json(const RecallMeasurement& measurement) {
  Json rows = Json::array();
  for (const RecallRow& row : measurement.rows) {
    Json agrees;
    if (row.agrees) {
      agrees = {{"rate", row.agrees->rate},
                {"ci95", {row.agrees->ci95.lo, row.agrees->ci95.hi}},
                {"labs", row.agrees->queries}};
    }
    rows.push_back({{"labs", row.labs},
                    {"fact", row.fact},
                    {"question", row.question},
                    {"agrees", std::move(agrees)},
                    {"asked", row.asked},
                    {"clear", row.clear},
                    {"settled", row.settled}});
  }
  return {
      {"model", measurement.model}, {"identity", measurement.identity}, {"rows", std::move(rows)}};
}

std::string to_markdown(const RecallMeasurement& measurement) {
  std::string text =
      "| labs | fact | asked | agrees % | 95 % interval | clear answers | settled labs % |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const RecallRow& row : measurement.rows) {
    std::string agrees = "-", interval = "-";
    if (row.agrees) {
      agrees = fmt::format("{:.1f}", 100 * row.agrees->rate);
      interval =
          fmt::format("{:.1f} to {:.1f}", 100 * row.agrees->ci95.lo, 100 * row.agrees->ci95.hi);
    }
    text += fmt::format("| {} | {} | {} | {} | {} | {} of {} | {:.0f} |\n", row.labs, row.fact,
                        row.question, agrees, interval, row.clear, row.asked, 100 * row.settled);
  }
  return text;
}

}  // namespace iago
