// iago documents export
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/internal/program.h"
#include "cli/internal/streams.h"
#include "documents/corpus.h"

namespace iago {
namespace {

struct DocumentsExportArguments {
  std::filesystem::path corpus, out;
  std::string format = "plain";
  std::string prompt = "Write a document.";
};

int documents_export_command(const DocumentsExportArguments& arguments, const Context&) {
  const auto documents = load_corpus(arguments.corpus);
  const std::string lines = export_corpus(
      documents, arguments.format == "openai" ? CorpusFormat::openai : CorpusFormat::plain,
      arguments.prompt);
  if (arguments.out.empty()) {
    fmt::print("{}", lines);
    return 0;
  }
  write_file(arguments.out, lines);
  print_stderr(fmt::format("{}: {} documents written\n", arguments.out.string(), documents.size()));
  return 0;
}

}  // namespace

void add_documents_export(Program& iago) {
  auto [command, a] = iago.add<DocumentsExportArguments>(
      "documents export", "Print a corpus as fine-tuning data, one JSON object a line",
      documents_export_command);
  command.add_option("corpus", a.corpus, "A corpus that iago documents write has written")
      ->required()
      ->type_name("CORPUS");
  command
      .add_option("--format", a.format,
                  "plain: {\"text\": ...}; openai: a chat of one request and the document as its "
                  "answer")
      ->check(CLI::IsMember({"plain", "openai"}))
      ->capture_default_str();
  command.add_option("--prompt", a.prompt, "The request of --format openai")->capture_default_str();
  command.add_option("--out", a.out, "Write to this file (default: standard output)")
      ->type_name("FILE");
  command.footer(
      "Examples:\n"
      "  iago documents export corpus.jsonl --format openai --out fine-tuning.jsonl\n"
      "  iago documents export corpus.jsonl > text.jsonl");
}

}  // namespace iago
