#include "figures/mismatches.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "text/printable.h"

namespace iago {
namespace {

constexpr std::size_t kFolderColumns = 200;

std::string shown_folder(const std::filesystem::path& folder) {
  return printable(folder.string(), kFolderColumns);
}

std::string line_of(const FieldDifference& difference) {
  auto where = difference.where.empty() ? std::string() : ", " + difference.where;
  return fmt::format("    {}{}: there \"{}\", here \"{}\"\n", difference.field, where,
                     difference.was, difference.is);
}

}  // namespace

Json to_json(const MismatchReport& report) {
  Json json{{"runs", Json::array()},
            {"missed", report.missed},
            {"could_be_taken", report.could_be_taken},
            {"groups", Json::array()}};
  for (const auto& run : report.runs) json["runs"].push_back(run.string());
  for (const MismatchGroup& group : report.groups) {
    Json differences = Json::array();
    for (const FieldDifference& difference : group.differences) {
      Json one{{"field", difference.field}, {"was", difference.was}, {"is", difference.is}};
      if (!difference.where.empty()) one["where"] = difference.where;
      differences.push_back(std::move(one));
    }
    json["groups"].push_back({{"wording", group.wording},
                              {"arm", group.arm},
                              {"trials", group.trials},
                              {"query", group.query},
                              {"repeat", group.repeat},
                              {"nearest",
                               {{"run", group.run.string()},
                                {"wording", group.nearest_wording},
                                {"arm", group.nearest_arm},
                                {"query", group.nearest_query}}},
                              {"differences", std::move(differences)}});
  }
  return json;
}

std::string to_text(const MismatchReport& report) {
  if (report.runs.empty()) return "no other run to compare the requests with\n";
  std::string text;
  if (report.could_be_taken > 0) {
    text += fmt::format("{} completions can be taken with --reuse from:\n", report.could_be_taken);
    for (const auto& run : report.runs) text += fmt::format("  {}\n", shown_folder(run));
  }
  text += fmt::format("{} trials have no completion in other runs\n", report.missed);
  for (const MismatchGroup& group : report.groups) {
    text += fmt::format(
        "  {}, {}: {} trials; the nearest request is in {}, wording {}, arm {}, query {}\n",
        printable(group.wording, 60), printable(group.arm, 40), group.trials,
        shown_folder(group.run), printable(group.nearest_wording, 60),
        printable(group.nearest_arm, 40), printable(group.nearest_query, 60));
    if (group.trials > 1) {
      text += fmt::format("    the first of them, query {}, repeat {}:\n",
                          printable(group.query, 60), group.repeat + 1);
    }
    for (const FieldDifference& difference : group.differences) text += line_of(difference);
  }
  return text;
}

}  // namespace iago
