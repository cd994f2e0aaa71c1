// Opening judges by the names that users give them.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "chat/chat_model.h"
#include "judge/judge.h"

namespace iago {

struct JudgeSources {
  std::filesystem::path data;  // the folder that holds rubrics/
  std::string model;           // for model judges that name none themselves; may be empty
  // Opens a model by its name, as open_model does.
  std::function<std::unique_ptr<ChatModel>(const std::string&)> open_model;
};

// The models stand first, so that they outlive the judges that ask them.
struct OpenedJudges {
  std::vector<std::unique_ptr<ChatModel>> models;
  std::vector<std::unique_ptr<Judge>> judges;
};

// A judge's name: that of a rule judge, NAME for rubrics/NAME.toml in the data folder, or the path
// of a rubric (which ends in .toml); each rubric perhaps followed by @MODEL. Rule judges
// come first.
struct JudgeName {
  std::string rubric, model;  // model is empty if none is named
  bool is_path() const;
};
JudgeName split_judge_name(const std::string& text);

// One judge of each name, in their order. Judges of equal model names share one model. A model
// judge is called RUBRIC@MODEL, which opens it again. Error not_found for an unknown name, listing
// what there is, invalid for a broken rubric, for a model judge without a model, and for two
// judges of the same name; whatever open_model throws.
OpenedJudges open_judges(const std::vector<std::string>& names, const JudgeSources& sources);

// What a model judge asks for each completion.
struct JudgeDemand {
  std::string judge, model;
  int votes = 1;
  std::size_t rubric_bytes = 0;  // of its own text, in every vote
  int max_tokens = 0;            // of each vote
  bool is_of_reasoning = false;  // judges faking reasoning
};
// Of those that ask models, without opening any. Errors as of open_judges.
std::vector<JudgeDemand> judge_demands(const std::vector<std::string>& names,
                                       const std::filesystem::path& data,
                                       const std::string& default_model);

}  // namespace iago
