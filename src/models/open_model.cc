#include "models/open_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/secret.h"
#include "chat/endpoint.h"
#include "chat/scripted.h"
#include "models/local_model.h"
#include "models/world_model.h"
#include "net/url.h"
#include "world/policy.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> organisms_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (fs::exists(entry.path() / "config.json")) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The kind of a model's name, empty if it has none, and what follows the colon.
struct KindAndName {
  std::string_view kind, name;
};

KindAndName parts_of(std::string_view model) {
  const auto colon = model.find(':');
  if (colon == std::string_view::npos) return {"", model};
  return {model.substr(0, colon), model.substr(colon + 1)};
}

bool has_weights_here(std::string_view kind) { return kind == "organism" || kind == "local"; }

fs::path organism_folder(std::string_view name, const ModelOptions& options) {
  fs::path folder = options.organisms / name;
  bool is_name = name.find('/') == std::string_view::npos && name != ".." && !name.empty();
  if (is_name && fs::exists(folder / "config.json")) return folder;
  throw Error(ErrorCode::not_found,
              fmt::format("unknown organism \"{}\" in {}", name, options.organisms.string()),
              fmt::format("known organisms: {}", fmt::join(organisms_in(options.organisms), ", ")));
}

fs::path checkpoint_folder(const KindAndName& parts, const ModelOptions& options) {
  return parts.kind == "organism" ? organism_folder(parts.name, options) : fs::path(parts.name);
}

LocalModelOptions local_options(const ModelOptions& options) {
  return {.threads = options.threads, .chat_template = options.endpoint.chat_template};
}

bool is_vendors_url(EndpointKind kind, const std::string& url) {
  return url.empty() || parse_base_url(url).text == default_base_url(kind);
}

// Says that the key is not what the file or variable holds to the byte: whoever looks at it there
// sees no difference.
Secret told_of(Secret key, const std::string& where) {
  if (key.was_cleaned()) {
    log_warning(fmt::format(
        "the key in {} held a byte-order mark or other invisible characters: they were removed",
        where));
  }
  return key;
}

Secret key_for(EndpointKind kind, const ModelOptions& options) {
  if (options.only_named) return Secret("not needed");
  const EndpointSettings& endpoint = options.endpoint;
  if (!endpoint.key_file.empty()) {
    return told_of(Secret::from_file(endpoint.key_file), endpoint.key_file.string());
  }
  const bool is_vendor = is_vendors_url(kind, endpoint.base_url);
  if (endpoint.key_variable.empty() && !is_vendor) return {};
  const std::string variable =
      endpoint.key_variable.empty() ? std::string(key_variable(kind)) : endpoint.key_variable;
  Secret key = told_of(Secret::from_environment(variable), variable);
  if (!key.empty()) return key;
  throw Error(ErrorCode::invalid,
              fmt::format("no key for {}: the environment has no {}",
                          is_vendor ? default_base_url(kind) : endpoint.base_url, variable),
              fmt::format("set it, or name a file that holds the key with {}api-key-file",
                          options.options));
}

std::unique_ptr<ChatModel> open_remote(EndpointKind kind, std::string_view model,
                                       const ModelOptions& options) {
  static const SystemClock clock;  // without state
  const EndpointSettings& settings = options.endpoint;
  EndpointOptions endpoint{.base_url = settings.base_url,
                           .key = key_for(kind, options),
                           .extra_body = settings.extra_body,
                           .finish_words = settings.finish_words,
                           .system_turn = settings.system_turn,
                           .option_prefix = std::string(options.options),
                           .proxy = settings.proxy,
                           .ca_file = settings.ca_file.string(),
                           .bodies = settings.bodies,
                           .samples_per_request = settings.samples_per_request,
                           .max_in_flight = settings.max_in_flight};
  for (const auto& [name, value] : settings.headers) endpoint.headers.push_back({name, value});
  endpoint.timeouts.silence = std::chrono::milliseconds(std::llround(settings.silence_s * 1000));
  return open_endpoint(kind, std::string(model), std::move(endpoint), nullptr, clock);
}

}  // namespace

std::unique_ptr<ChatModel> open_model(std::string_view name, const ModelOptions& options) {
  const auto [kind, rest] = parts_of(name);
  if (kind == "world") return std::make_unique<WorldModel>(policy_named(rest));
  if (kind == "scripted") return load_scripted_model(fs::path(rest));
  if (kind == "openai") return open_remote(EndpointKind::openai, rest, options);
  if (kind == "anthropic") return open_remote(EndpointKind::anthropic, rest, options);
  if (has_weights_here(kind)) {
    if (!options.only_named) return open_token_model(name, options);
    const fs::path folder = checkpoint_folder({kind, rest}, options);
    return name_local_model(folder, std::string(name), local_options(options));
  }
  throw Error(ErrorCode::invalid, fmt::format("\"{}\" has no known kind of model", name),
              "use organism:NAME, world:NAME, local:FOLDER, openai:MODEL, anthropic:MODEL or "
              "scripted:FILE");
}

std::filesystem::path checkpoint_of(std::string_view name, const ModelOptions& options) {
  const KindAndName parts = parts_of(name);
  if (!has_weights_here(parts.kind)) {
    throw Error(ErrorCode::unsupported,
                fmt::format("\"{}\": expected a model whose weights are on this machine", name),
                "use organism:NAME or local:FOLDER");
  }
  return checkpoint_folder(parts, options);
}

std::unique_ptr<TokenModel> open_token_model(std::string_view name, const ModelOptions& options) {
  IAGO_CHECK(!options.only_named, "tokens are a model's that has its weights");
  return open_local_model(checkpoint_of(name, options), std::string(name), local_options(options));
}

TokenLogprobs token_logprobs_of(std::string_view name) {
  const std::string_view kind = parts_of(name).kind;
  if (has_weights_here(kind)) return TokenLogprobs::always;
  return kind == "openai" ? TokenLogprobs::by_server : TokenLogprobs::never;
}

}  // namespace iago
