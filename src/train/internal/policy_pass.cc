#include "train/internal/policy_pass.h"

#include <vector>

#include "train/internal/answer_forest.h"

namespace iago {
namespace {

// The rows of one answer, of those of a whole forest.
PolicyRows part_of(const PolicyRows& rows, std::size_t begin, std::size_t count) {
  const auto cut = [&](const std::vector<float>& column) {
    const auto first = column.begin() + static_cast<std::ptrdiff_t>(begin);
    return std::vector<float>(first, first + static_cast<std::ptrdiff_t>(count));
  };
  return {cut(rows.log_p), cut(rows.divergence), cut(rows.entropy)};
}

}  // namespace

std::deque<GroupObjective> objectives_of(std::span<const AnswerGroup> groups,
                                         const PolicyGradientOptions& options) {
  std::deque<GroupObjective> out;
  for (const AnswerGroup& group : groups) {
    const auto answers = static_cast<double>(groups.size() * group.answers.size());
    out.emplace_back(group, options, 1.0 / answers);
  }
  return out;
}

void accumulate_groups(std::span<const AnswerGroup> groups, std::span<const std::size_t> chosen,
                       const LlamaConfig& config, const WeightViews& start,
                       std::deque<GroupObjective>& objectives, GradientBuffer& gradient) {
  const AnswerForest planted = plant_answers(groups, chosen, config);
  gradient.accumulate(planted.forest, start, [&](const PolicyRows& rows) {
    PolicyWeights out;
    std::size_t row = 0;
    // The answers of a group are neighbours, in their order.
    for (std::size_t place = 0; place < planted.order.size();) {
      const std::size_t g = planted.order[place].group;
      std::vector<PolicyRows> answers;
      for (const SampledAnswer& answer : groups[g].answers) {
        answers.push_back(part_of(rows, row, answer.tokens.size()));
        row += answer.tokens.size();
      }
      place += answers.size();
      for (const PolicyWeights& weights : objectives[g].weigh(answers)) {
        out.score.insert(out.score.end(), weights.score.begin(), weights.score.end());
        out.divergence.insert(out.divergence.end(), weights.divergence.begin(),
                              weights.divergence.end());
      }
    }
    return out;
  });
}

}  // namespace iago
