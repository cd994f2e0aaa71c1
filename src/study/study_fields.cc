#include "study/study_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace iago {

std::vector<NamedField> sampling_fields(const Sampling& sampling) {
  return {plain_field("temperature", fmt::format("{}", sampling.temperature)),
          plain_field("top_p", fmt::format("{}", sampling.top_p)),
          plain_field("top_k", fmt::format("{}", sampling.top_k)),
          plain_field("max_tokens", fmt::format("{}", sampling.max_tokens)),
          plain_field("stop", fmt::format("{}", sampling.stop))};
}

}  // namespace iago
