#include "cli/internal/completions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace iago {
namespace {

// In single quotes, as bash and zsh read it.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// In single quotes, as fish reads it.
std::string quoted_for_fish(const std::string& text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// "name:description" as _describe of zsh reads it.
std::string described(const std::string& name, const std::string& description) {
  std::string text;
  for (char c : name) text += c == ':' ? std::string("\\:") : std::string(1, c);
  return quoted(text + ":" + description);
}

std::string paths_of(const std::vector<CommandShape>& tree) {
  std::vector<std::string> paths;
  for (const CommandShape& command : tree) {
    if (!command.path.empty()) paths.push_back(quoted(command.path));
  }
  return fmt::format("{}", fmt::join(paths, "|"));
}

const CommandShape* find(const std::vector<CommandShape>& tree, const std::string& path) {
  for (const CommandShape& command : tree) {
    if (command.path == path) return &command;
  }
  return nullptr;
}

std::string description_below(const std::vector<CommandShape>& tree, const CommandShape& above,
                              const std::string& name) {
  const CommandShape* command = find(tree, above.path.empty() ? name : above.path + " " + name);
  return command != nullptr ? command->description : "";
}

// The options that begin with a dash, each of their names with what `show` makes of it.
template <typename Show>
std::vector<std::string> option_names(const CommandShape& command, Show show) {
  std::vector<std::string> names;
  for (const OptionShape& option : command.options) {
    if (option.is_positional()) continue;
    for (const std::string& name : option.names) names.push_back(show(name, option));
  }
  return names;
}

// The cases "COMMAND OPTION)" of options whose values are known, for bash and zsh.
template <typename Show>
std::string value_cases(const std::vector<CommandShape>& tree, Show show) {
  std::string cases;
  for (const CommandShape& command : tree) {
    for (const OptionShape& option : command.options) {
      if (option.is_positional() || option.choices.empty()) continue;
      for (const std::string& name : option.names) {
        cases +=
            fmt::format("    {}) {} ;;\n", quoted(command.path + " " + name), show(option.choices));
      }
    }
  }
  return cases;
}

}  // namespace

std::string bash_completions(const std::vector<CommandShape>& tree) {
  std::string out = fmt::format(
      "# Completions of iago for bash, as `iago generate bash` writes them.\n"
      "_iago() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}\n"
      "  local command= commands= options= i\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case \"${{command:+$command }}${{COMP_WORDS[i]}}\" in\n"
      "      {}) command=${{command:+$command }}${{COMP_WORDS[i]}} ;;\n"
      "    esac\n"
      "  done\n"
      "  COMPREPLY=()\n"
      "  case \"$command $before\" in\n",
      paths_of(tree));
  out += value_cases(tree, [](const std::vector<std::string>& choices) {
    return fmt::format("COMPREPLY=($(compgen -W {} -- \"$word\")); return",
                       quoted(fmt::format("{}", fmt::join(choices, " "))));
  });
  out += "  esac\n  case $command in\n";
  for (const CommandShape& command : tree) {
    out += fmt::format(
        "    {})\n      commands={}\n      options={} ;;\n", quoted(command.path),
        quoted(fmt::format("{}", fmt::join(command.commands, " "))),
        quoted(fmt::format("{}", fmt::join(option_names(command, [](const auto& name,
                                                                    const auto&) { return name; }),
                                           " "))));
  }
  out +=
      "  esac\n"
      "  [[ $word == -* ]] && commands=$options\n"
      "  COMPREPLY=($(compgen -W \"$commands\" -- \"$word\"))\n"
      "}\n"
      "complete -o default -F _iago iago iago-torch\n";
  return out;
}

std::string zsh_completions(const std::vector<CommandShape>& tree) {
  std::string out = fmt::format(
      "#compdef iago iago-torch\n"
      "# Completions of iago for zsh, as `iago generate zsh` writes them.\n"
      "_iago() {{\n"
      "  local command= word\n"
      "  local -a commands options\n"
      "  for word in \"${{(@)words[2,CURRENT-1]}}\"; do\n"
      "    case \"${{command:+$command }}$word\" in\n"
      "      {}) command=\"${{command:+$command }}$word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$command ${{words[CURRENT-1]}}\" in\n",
      paths_of(tree));
  out += value_cases(tree, [](const std::vector<std::string>& choices) {
    return fmt::format("compadd -- {}; return", fmt::join(choices, " "));
  });
  out += "  esac\n  case $command in\n";
  for (const CommandShape& command : tree) {
    out += fmt::format("    {})\n", quoted(command.path));
    out += "      commands=(";
    for (const std::string& name : command.commands) {
      out += "\n        " + described(name, description_below(tree, command, name));
    }
    out += ")\n      options=(";
    for (const std::string& option :
         option_names(command, [](const std::string&name, const OptionShape&one) {
           return described(name, one.description);
         })) {
      out += "\n        " + option;
    }
    out += ") ;;\n";
  }
  out +=
      "  esac\n"
      "  if [[ $PREFIX == -* ]]; then\n"
      "    _describe -o option options\n"
      "  elif (( $#commands )); then\n"
      "    _describe command commands\n"
      "  else\n"
      "    _files\n"
      "  fi\n"
      "}\n"
      "_iago \"$@\"\n";
  return out;
}

std::string fish_completions(const std::vector<CommandShape>& tree) {
  std::string out =
      "# Completions of iago for fish, as `iago generate fish` writes them.\n"
      "function __iago_at\n"
      "  set -l command\n"
      "  for word in (commandline -opc)[2..]\n"
      "    if contains -- (string trim -- \"$command $word\")";
  for (const CommandShape& command : tree) {
    if (!command.path.empty()) out += " " + quoted_for_fish(command.path);
  }
  out +=
      "\n"
      "      set -a command $word\n"
      "    end\n"
      "  end\n"
      "  test \"$command\" = \"$argv\"\n"
      "end\n"
      "complete -c iago-torch -w iago\n";
  for (const CommandShape& command : tree) {
    const std::string at =
        fmt::format("complete -c iago -n {}", quoted_for_fish("__iago_at " + command.path));
    for (const std::string& name : command.commands) {
      out += fmt::format("{} -f -a {} -d {}\n", at, name,
                         quoted_for_fish(description_below(tree, command, name)));
    }
    for (const OptionShape& option : command.options) {
      if (option.is_positional()) continue;
      out += at;
      for (const std::string& name : option.names) {
        const bool is_long = name.starts_with("--");
        out += fmt::format(" {} {}", is_long ? "-l" : "-s", name.substr(is_long ? 2 : 1));
      }
      if (option.takes_value) out += " -r";
      if (!option.choices.empty()) {
        out += fmt::format(" -f -a {}",
                           quoted_for_fish(fmt::format("{}", fmt::join(option.choices, " "))));
      }
      out += fmt::format(" -d {}\n", quoted_for_fish(option.description));
    }
  }
  return out;
}

}  // namespace iago
