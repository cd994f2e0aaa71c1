#include "lab/subject.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

#include "base/error.h"
#include "chat/scripted.h"
#include "local/local_model.h"
#include "local/world_model.h"
#include "world/policy.h"

namespace iago::lab {
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

std::unique_ptr<ChatModel> open_organism(std::string_view name, const SubjectOptions& options) {
  fs::path folder = options.organisms / name;
  bool is_name = name.find('/') == std::string_view::npos && name != ".." && !name.empty();
  if (!is_name || !fs::exists(folder / "config.json")) {
    throw Error(ErrorCode::not_found,
                fmt::format("no organism is called \"{}\" in {}", name, options.organisms.string()),
                fmt::format("there are: {}", fmt::join(organisms_in(options.organisms), ", ")));
  }
  return open_local_model(folder, fmt::format("organism:{}", name), {.threads = options.threads});
}

}  // namespace

std::unique_ptr<ChatModel> open_subject(std::string_view name, const SubjectOptions& options) {
  auto colon = name.find(':');
  std::string_view kind = name.substr(0, colon);
  std::string_view rest = colon == std::string_view::npos ? "" : name.substr(colon + 1);
  if (kind == "organism") return open_organism(rest, options);
  if (kind == "world") return std::make_unique<WorldModel>(world::policy_named(rest));
  if (kind == "scripted") return load_scripted_model(fs::path(rest));
  if (kind == "local") {
    return open_local_model(fs::path(rest), std::string(name), {.threads = options.threads});
  }
  throw Error(ErrorCode::invalid, fmt::format("\"{}\" names no kind of model", name),
              "use organism:NAME, world:NAME, local:FOLDER or scripted:FILE");
}

}  // namespace iago::lab
