// iago documents show
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "cli/commands.h"
#include "cli/internal/output_option.h"
#include "cli/internal/program.h"
#include "documents/describe.h"

namespace iago {
namespace {

struct DocumentsShowArguments {
  std::filesystem::path corpus;
  std::size_t examples = 2;
  OutputOption output;
};

int documents_show_command(const DocumentsShowArguments& arguments, const Context&) {
  const CorpusFigures figures =
      describe_corpus(arguments.corpus.string(), load_corpus(arguments.corpus),
                      load_dropped(arguments.corpus), arguments.examples);
  if (arguments.output.json) {
    fmt::print("{}\n", dump_json(to_json(figures), 2));
  } else {
    fmt::print("{}", to_text(figures));
  }
  return 0;
}

}  // namespace

void add_documents_show(Program& iago) {
  auto [command, a] = iago.add<DocumentsShowArguments>(
      "documents show", "Count a corpus by fact and kind, and say what its filters dropped",
      documents_show_command);
  command.add_option("corpus", a.corpus, "A corpus that iago documents write has written")
      ->required()
      ->type_name("CORPUS");
  command.add_option("--examples", a.examples, "Show at most N documents")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  a.output.add_to(command);
  command.footer("Example:\n  iago documents show corpus.jsonl --examples 5");
}

}  // namespace iago
