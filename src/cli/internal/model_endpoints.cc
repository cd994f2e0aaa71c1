#include "cli/internal/model_endpoints.h"

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace iago {
namespace {

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
      "the server's URL, if not the vendor's, such as http://127.0.0.1:8000/v1");
  add("api-key-env", e.key_variable, "the environment variable that holds the key");
  add("api-key-file", e.key_file, "a file that holds the key");
  add("samples-per-request", e.samples_per_request,
      "samples of one prompt asked for at once (n); anthropic: models are asked for each alone")
      ->check(CLI::Range(1, 128));
  add("extra-body", e.extra_body, "a JSON object whose members go into every request");
}

void add_header(EndpointSettings& e, const std::string& header) {
  const auto equals = header.find('=');
  if (equals == std::string::npos || equals == 0) {
    // What is there may be a key: it is not shown.
    throw CLI::ValidationError("--header", "expected NAME=VALUE, found no NAME=");
  }
  e.headers[header.substr(0, equals)] = header.substr(equals + 1);
}

}  // namespace

// What is said of the network holds for every model.
void ModelEndpoints::add_network_to(CLI::App& command) {
  auto add = [&]<typename Value>(const std::string& name, const std::string& help,
                                 void (*set)(EndpointSettings&, const Value&)) {
    return command
        .add_option_function<Value>(
            name, [this, set](const Value& value) { set(subject, value), set(judges, value); },
            help)
        ->group(kEndpointGroup);
  };
  using Headers = std::vector<std::string>;
  add.operator()<Headers>("--header", "NAME=VALUE, sent with every request; again for more",
                          [](EndpointSettings& e, const Headers& headers) {
                            for (const std::string& header : headers) add_header(e, header);
                          })
      ->allow_extra_args(false);
  add.operator()<std::string>("--proxy", "A proxy's URL; never used for this machine",
                              [](EndpointSettings& e, const std::string& url) { e.proxy = url; });
  add.operator()<std::string>(
      "--ca-file", "Certificates to trust, as PEM",
      [](EndpointSettings& e, const std::string& file) { e.ca_file = file; });
  add.operator()<std::size_t>(
         "--max-in-flight", "Requests at once at most (1024); fewer where the server takes fewer",
         [](EndpointSettings& e, const std::size_t& count) { e.max_in_flight = count; })
      ->check(CLI::Range(1, 65536));
  add.operator()<double>("--silence",
                         "Seconds without a byte after which a request is given up (300)",
                         [](EndpointSettings& e, const double& seconds) { e.silence_s = seconds; })
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
