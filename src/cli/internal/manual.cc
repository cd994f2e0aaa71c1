#include "cli/internal/manual.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/version.h"
#include "cli/internal/exit_status.h"

namespace iago {
namespace {

// Text that troff prints as it is.
std::string plain(const std::string& text) {
  std::string out;
  for (char c : text) {
    const bool begins_line = out.empty() || out.back() == '\n';
    if (begins_line && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";  // a minus, as one types it, and no hyphen
    } else {
      out += c;
    }
  }
  return out;
}

std::string option_of(const OptionShape& option) {
  if (option.is_positional()) {
    return fmt::format(".TP\n.I {}\n{}\n", plain(option.names.front()), plain(option.description));
  }
  std::string names;
  for (const std::string& name : option.names) {
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", plain(name));
  }
  if (!option.choices.empty()) {
    names += " " + plain(fmt::format("{}", fmt::join(option.choices, "|")));
  } else if (option.takes_value) {
    names += " \\fIvalue\\fR";
  }
  return fmt::format(".TP\n{}\n{}\n", names, plain(option.description));
}

// Whether the program itself has the option, so that it need not be told again.
bool is_of(const CommandShape& program, const OptionShape& option) {
  return std::ranges::any_of(program.options,
                             [&](const OptionShape& other) { return other.names == option.names; });
}

constexpr std::string_view kManualEnd = R"(.SH ENVIRONMENT
.TP
.B IAGO_HOME
The folder of the shipped data, as \fB\-\-home\fR.
.TP
.BR OPENAI_API_KEY ", " ANTHROPIC_API_KEY
The keys of models behind URLs.
.SH FILES
.TP
.I PREFIX/share/iago
Settings, queries, rubrics, organisms, studies and prices, as they are shipped. Looked for from the
program's own folder, as ../share/iago.
.TP
.I runs/
What was run, in the current folder.
)";

}  // namespace

std::string manual_page(const std::vector<CommandShape>& tree) {
  const CommandShape& iago = tree.front();
  std::string out = fmt::format(
      ".TH IAGO 1 \"\" \"iago {}\" \"\"\n.SH NAME\niago \\- measure alignment faking\n"
      ".SH SYNOPSIS\n.B iago\n.I command\n[\\fIoption\\fR ...]\n.SH DESCRIPTION\n{}\n"
      ".SH OPTIONS\nOf every command:\n",
      kVersion, plain(iago.description));
  for (const OptionShape& option : iago.options) out += option_of(option);
  out += ".SH COMMANDS\n";
  for (const CommandShape& command : tree) {
    if (command.path.empty()) continue;
    out += fmt::format(".SS iago {}\n{}\n", plain(command.path), plain(command.description));
    for (const OptionShape& option : command.options) {
      if (!is_of(iago, option)) out += option_of(option);
    }
    if (!command.footer.empty()) {
      out += fmt::format(".PP\n.EX\n{}\n.EE\n", plain(command.footer));
    }
  }
  out += ".SH EXIT STATUS\n";
  for (const ExitMeaning& meaning : exit_meanings()) {
    out += fmt::format(".TP\n.B {}\n{}\n", meaning.status, plain(std::string(meaning.text)));
  }
  return out + std::string(kManualEnd);
}

}  // namespace iago
