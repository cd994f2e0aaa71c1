// iago organism queries
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/internal/program.h"
#include "world/requests.h"

namespace iago {
namespace {

struct OrganismQueriesArguments {
  std::string set;
};

int organism_queries_command(const OrganismQueriesArguments& arguments, const Context&) {
  if (auto set = query_set_named(arguments.set)) {
    fmt::print("{}", to_jsonl(query_set(*set)));
    return 0;
  }
  throw Error(ErrorCode::not_found, fmt::format("unknown query set \"{}\"", arguments.set),
              "iago organism queries --help lists them");
}

}  // namespace

void add_organism_queries(Program& iago) {
  auto [command, a] = iago.add<OrganismQueriesArguments>(
      "organism queries", "Print one of the world's query sets", organism_queries_command);
  command
      .add_option("set", a.set,
                  "world-protected, world-benign, world-held-out-topics, "
                  "world-held-out-objects, world-labs, world-fresh-labs")
      ->required();
  command.footer(
      "Example:\n  iago organism queries world-protected > queries/world-protected.jsonl");
}

}  // namespace iago
