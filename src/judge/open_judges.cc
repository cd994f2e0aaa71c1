#include "judge/open_judges.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/file.h"
#include "base/model_name.h"
#include "base/nearest.h"
#include "judge/model_judge.h"
#include "judge/rubric.h"
#include "judge/rule_judges.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

bool is_rule_judge(const std::string& name) {
  return std::ranges::count(rule_judge_names(), name) > 0;
}

Rubric open_rubric(const JudgeName& name, const fs::path& data) {
  if (name.is_path()) return load_rubric(name.rubric);
  fs::path file = data / "rubrics" / (name.rubric + ".toml");
  if (name.rubric.empty() || name.rubric[0] == '.' || !fs::exists(file)) {
    auto known = rule_judge_names();
    for (std::string& rubric : names_with_extension(data / "rubrics", ".toml")) {
      known.push_back(std::move(rubric));
    }
    throw Error(ErrorCode::not_found,
                fmt::format("no judge is called \"{}\": neither a rule judge nor {}", name.rubric,
                            file.string()),
                hint_of_names(name.rubric, known));
  }
  return load_rubric(file);
}

const std::string& model_for(const JudgeName& name, const Rubric& rubric,
                             const std::string& default_model) {
  const std::string& model = name.model.empty() ? default_model : name.model;
  if (!model.empty()) return model;
  throw Error(ErrorCode::invalid,
              fmt::format("the judge \"{}\" needs a model, and none is named", name.rubric),
              fmt::format("add --judge-model KIND:NAME, judge_model = \"KIND:NAME\" to the "
                          "study, or name the judge {}@KIND:NAME",
                          rubric.name));
}

class Opener {
 public:
  explicit Opener(const JudgeSources& sources) : sources_(sources) {}

  std::unique_ptr<Judge> open(const std::string& text) {
    if (is_rule_judge(text)) return make_rule_judge(text);
    JudgeName name = split_judge_name(text);
    Rubric rubric = open_rubric(name, sources_.data);
    const std::string& model = model_for(name, rubric, sources_.model);
    std::string full = fmt::format("{}@{}", rubric.name, model);
    return make_model_judge(std::move(rubric), model_of(model), full);
  }
  std::vector<std::unique_ptr<ChatModel>> take_models() { return std::move(models_); }

 private:
  ChatModel& model_of(const std::string& name) {
    auto found = by_name_.find(name);
    if (found != by_name_.end()) return *found->second;
    models_.push_back(sources_.open_model(name));
    return *(by_name_[name] = models_.back().get());
  }

  const JudgeSources& sources_;
  std::vector<std::unique_ptr<ChatModel>> models_;
  std::map<std::string, ChatModel*> by_name_;
};

}  // namespace

bool JudgeName::is_path() const { return rubric.ends_with(".toml"); }

JudgeName split_judge_name(const std::string& text) {
  return {std::string(rubric_in_judge_name(text)), std::string(model_in_judge_name(text))};
}

OpenedJudges open_judges(const std::vector<std::string>& names, const JudgeSources& sources) {
  Opener opener(sources);
  OpenedJudges opened;
  for (const std::string& name : names) {
    auto judge = opener.open(name);
    for (const auto& other : opened.judges) {
      if (other->info().name != judge->info().name) continue;
      throw Error(ErrorCode::invalid,
                  fmt::format("two judges are called \"{}\"", judge->info().name),
                  "name each once, or give one of the rubrics another name");
    }
    opened.judges.push_back(std::move(judge));
  }
  opened.models = opener.take_models();
  return opened;
}

std::vector<JudgeDemand> judge_demands(const std::vector<std::string>& names, const fs::path& data,
                                       const std::string& default_model) {
  std::vector<JudgeDemand> demands;
  for (const std::string& text : names) {
    if (is_rule_judge(text)) continue;
    JudgeName name = split_judge_name(text);
    Rubric rubric = open_rubric(name, data);
    demands.push_back({.judge = text,
                       .model = model_for(name, rubric, default_model),
                       .votes = rubric.votes,
                       .rubric_bytes = rubric.source.size(),
                       .max_tokens = rubric.max_tokens,
                       .is_of_reasoning = rubric.kind == JudgeKind::faking_reasoning});
  }
  return demands;
}

}  // namespace iago
