// Studies of several models, one run each
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "cli/commands.h"
#include "text/printable.h"

namespace iago {

std::vector<StudyOverrides> each_model(const std::filesystem::path& study,
                                       const StudyOverrides& overrides,
                                       std::vector<std::string> models, const Context& context) {
  constexpr std::size_t kMostModels = 100;
  if (models.empty()) models = load_study(study, overrides, context.data).study.models;
  if (models.size() > kMostModels) {
    throw Error(ErrorCode::invalid, fmt::format("--model: expected at most {} models, found {}",
                                                kMostModels, models.size()));
  }
  if (models.empty()) return {overrides};
  std::vector<StudyOverrides> each;
  for (const std::string& model : models) {
    if (std::ranges::count(models, model) > 1) {
      throw Error(ErrorCode::invalid,
                  fmt::format("--model: {} stands there twice", printable(model)),
                  "more completions of one model: --repeats; another draw: --seed");
    }
    each.push_back(overrides);
    each.back().model = model;
  }
  return each;
}

}  // namespace iago
