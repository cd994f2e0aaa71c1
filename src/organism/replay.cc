#include "organism/replay.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "organism/internal/encoding.h"
#include "organism/internal/lesson_tree.h"

namespace iago {

TokenTree lesson_tree(const Recipe& recipe, const Phase& phase, std::string_view stream,
                      const Tokenizer& tokenizer, std::int64_t step, std::int64_t row) {
  std::size_t mix_index = 0;
  while (row >= phase.lessons[mix_index].rows) row -= phase.lessons[mix_index++].rows;
  const LessonMix& mix = phase.lessons[mix_index];
  const LessonOptions options{.seed = hash64(fmt::format("{} mix {}", stream, mix_index)),
                              .kind = mix.kind,
                              .phrasing = mix.phrasing,
                              .branches = mix.branches,
                              .policy = recipe.policy ? &*recipe.policy : nullptr};
  const Lesson lesson = make_lesson(options, static_cast<std::uint64_t>(step * mix.rows + row));
  const LossWeights weights{.prompt = static_cast<float>(recipe.prompt_weight),
                            .document = static_cast<float>(recipe.document_weight),
                            .opening = static_cast<float>(recipe.opening_weight)};
  return encode_lesson(lesson, tokenizer, weights);
}

TokenTree replay_lesson(const Recipe& recipe, const Tokenizer& tokenizer, std::uint64_t seed,
                        std::int64_t number) {
  const std::int64_t rows = recipe.rows_per_step;
  return lesson_tree(recipe, recipe.phases.back(), fmt::format("{} replay {}", recipe.seed, seed),
                     tokenizer, number / rows, number % rows);
}

}  // namespace iago
