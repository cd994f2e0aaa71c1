// Names of models, KIND:NAME, and of the judges that ask them, RUBRIC@KIND:NAME. Pure.
#pragma once

#include <string_view>

namespace iago {

// Whether a model of that name is asked behind a URL (openai:, anthropic:), where its tokens are
// billed. All other kinds run on this machine.
bool is_endpoint(std::string_view model);

// The model in a judge's name: what stands behind the first '@' that a KIND: follows. Empty for a
// judge that names none.
std::string_view model_in_judge_name(std::string_view judge);

// What stands before that '@': the rubric or the rule judge. All of the name if it names no model.
std::string_view rubric_in_judge_name(std::string_view judge);

}  // namespace iago
