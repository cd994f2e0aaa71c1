#include "cli/internal/model_endpoints.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/body_allowance.h"

namespace iago {
namespace {

constexpr const char* kChatTemplateHelp =
    "the template that lays out conversations: a name, or \"checkpoint\" for the checkpoint's own "
    "even if its text is not known (default: its own, if known)";

// Each option begins with any of the prefixes, of "--" and "--judge-".
void add_endpoint(CLI::App& command, const std::vector<std::string>& prefixes,
                  const std::string& whose, EndpointSettings& e) {
  auto named = [&](const std::string& name) {
    std::string names;
    for (const std::string& prefix : prefixes) {
      names += (names.empty() ? "" : ",") + prefix + name;
    }
    return names;
  };
  auto add = [&](const std::string& name, auto& value, const std::string& help) {
    return command.add_option(named(name), value, whose + ": " + help)->group(kEndpointGroup);
  };
  add("base-url", e.base_url,
      "the server's URL, for example http://127.0.0.1:8000/v1 (default: the vendor's)");
  add("api-key-env", e.key_variable, "the environment variable that holds the key");
  add("api-key-file", e.key_file, "a file that holds the key");
  add("samples-per-request", e.samples_per_request,
      "samples of one prompt per request (n); anthropic: models get one each")
      ->check(CLI::Range(1, 128));
  add("chat-template", e.chat_template, kChatTemplateHelp)->group(kCheckpointGroup);
  add("extra-body", e.extra_body,
      "a JSON object; its members are added to every request, and null removes a field");
  command
      .add_option_function<std::string>(
          named("system-turn"),
          [&e](const std::string& turn) {
            e.system_turn = turn == "user" ? SystemTurn::user : SystemTurn::system;
          },
          whose + ": user puts the system text in front of the first user turn")
      ->check(CLI::IsMember({"system", "user"}))
      ->group(kEndpointGroup);
  auto add_word = [&e](const std::vector<std::string>& words) {
    try {
      for (const std::string& word : words) add_finish_word(e.finish_words, word);
    } catch (const Error& error) {
      throw CLI::ValidationError("--finish", fmt::format("{}; {}", error.what(), error.hint()));
    }
  };
  command
      .add_option_function<std::vector<std::string>>(
          named("finish"), add_word,
          whose +
              ": VALUE=stop|truncated|refused, what a finish reason of the server means (none: "
              "there was no reason). Repeat it for several")
      ->allow_extra_args(false)
      ->group(kEndpointGroup);
}

void add_header(EndpointSettings& e, const std::string& header) {
  const auto equals = header.find('=');
  if (equals == std::string::npos || equals == 0) {
    // The value may be a key, so it is not shown.
    throw CLI::ValidationError("--header", "expected NAME=VALUE, found no NAME=");
  }
  e.headers[header.substr(0, equals)] = header.substr(equals + 1);
}

// An option that sets a member of both.
template <typename Value>
CLI::Option* add_to_both(CLI::App& command, ModelEndpoints& both, const std::string& name,
                         Value EndpointSettings::*member, const std::string& help) {
  auto set = [&both, member](const Value& value) {
    both.subject.*member = value;
    both.judges.*member = value;
  };
  return command.add_option_function<Value>(name, set, help)->group(kEndpointGroup);
}

}  // namespace

void add_chat_template(CLI::App& command, EndpointSettings& model) {
  command.add_option("--chat-template", model.chat_template,
                     std::string("Of a checkpoint: ") + kChatTemplateHelp);
}

ModelEndpoints::ModelEndpoints() {
  subject.bodies = judges.bodies = std::make_shared<BodyAllowance>(kDefaultBodyAllowance);
}

// Options of the network hold for every model.
void ModelEndpoints::add_network_to(CLI::App& command) {
  auto set_headers = [this](const std::vector<std::string>& headers) {
    for (const std::string& header : headers) add_header(subject, header);
    judges.headers = subject.headers;
  };
  command
      .add_option_function<std::vector<std::string>>(
          "--header", set_headers, "NAME=VALUE, sent with every request. Repeat it for several")
      ->allow_extra_args(false)
      ->group(kEndpointGroup);
  add_to_both(command, *this, "--proxy", &EndpointSettings::proxy,
              "A proxy's URL; not used for servers on this machine");
  add_to_both(command, *this, "--ca-file", &EndpointSettings::ca_file,
              "A PEM file of certificates to trust");
  add_to_both(command, *this, "--max-in-flight", &EndpointSettings::max_in_flight,
              "Send at most N requests at a time (1024), fewer if the server takes fewer")
      ->check(CLI::Range(1, 65536));
  add_to_both(command, *this, "--silence", &EndpointSettings::silence_s,
              "Give a request up after N seconds without a byte (300)")
      ->check(CLI::Range(0.01, 86400.0));
}

void ModelEndpoints::add_to(CLI::App& command) {
  add_endpoint(command, {"--"}, "subject", subject);
  add_endpoint(command, {"--judge-"}, "judges' model", judges);
  add_network_to(command);
}

void ModelEndpoints::add_judges_to(CLI::App& command) {
  add_endpoint(command, {"--", "--judge-"}, "judges' model", judges);
  add_network_to(command);
}

}  // namespace iago
