// Holding a study to its setting: the folder, channel, wordings, arms and contrasts.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "base/nearest.h"
#include "study/internal/compose.h"
#include "study/internal/placed_study.h"
#include "study/names.h"
#include "study/study.h"

namespace iago {
namespace {

constexpr std::size_t kMaxStudyWordings = 1'000;

void reject_again(const PlacedStudy& placed, const std::string& key,
                  const std::vector<std::string>& before, const std::string& name) {
  if (std::ranges::count(before, name) == 0) return;
  throw Error(ErrorCode::invalid,
              fmt::format("{}: expected each once, \"{}\" is given twice", placed.place(key), name),
              kTwiceHint);
}

void hold_wordings(PlacedStudy& placed, const Setting& setting) {
  Study& study = placed.study;
  if (study.wordings.empty()) study.wordings = {std::string(kDefaultWording)};
  std::vector<std::string> resolved;
  auto add = [&](const std::string& wording) {
    reject_again(placed, "wordings", resolved, wording);
    resolved.push_back(wording);
  };
  for (const std::string& named : study.wordings) {
    if (named == kAllWordings) {
      for (const std::string& wording : wordings_of_channel(setting, study.channel)) {
        if (std::ranges::count(resolved, wording) == 0) resolved.push_back(wording);
      }
      continue;
    }
    add(placed_look_up(placed, "wordings", [&] { return canonical_wording(setting, named); }));
  }
  if (resolved.size() > kMaxStudyWordings) {
    throw Error(ErrorCode::invalid, fmt::format("{}: more than {} wordings",
                                                placed.place("wordings"), kMaxStudyWordings));
  }
  study.wordings = std::move(resolved);
  if (study.reference.empty()) study.reference = study.wordings.front();
  study.reference = placed_look_up(placed, "reference",
                                   [&] { return canonical_wording(setting, study.reference); });
  if (std::ranges::count(study.wordings, study.reference) == 0) {
    throw Error(ErrorCode::invalid,
                fmt::format("{}: \"{}\" is not one of the study's wordings",
                            placed.place("reference"), study.reference),
                hint_of_names(study.reference, study.wordings));
  }
}

// The arms that exist with one of the wordings, in the setting's order.
std::vector<std::string> arms_with_any(const Study& study, const Setting& setting) {
  std::vector<std::string> arms;
  for (const Arm& arm : setting.arms) {
    const bool exists = std::ranges::any_of(study.wordings, [&](const std::string& wording) {
      return has_arm(setting, wording, arm.name);
    });
    if (exists) arms.push_back(arm.name);
  }
  return arms;
}

}  // namespace

std::filesystem::path find_setting(const PlacedStudy& placed, const std::filesystem::path& base,
                                   const std::filesystem::path& study_folder,
                                   const std::filesystem::path& data_folder) {
  const std::filesystem::path& named = placed.study.setting;
  std::vector<std::filesystem::path> places;
  if (named.has_parent_path()) {
    places.push_back(base / named);
  } else {
    places.push_back(study_folder / ".." / "settings" / named);
    if (!data_folder.empty()) places.push_back(data_folder / "settings" / named);
  }
  std::string searched;
  for (const std::filesystem::path& place : places) {
    std::error_code ignored;
    if (std::filesystem::is_regular_file(place / "setting.toml", ignored)) return place;
    searched +=
        fmt::format("{}{}", searched.empty() ? "" : ", ", place.lexically_normal().string());
  }
  throw Error(ErrorCode::not_found,
              fmt::format("{}: found no setting \"{}\"", placed.place("setting"), named.string()),
              fmt::format("Looked for setting.toml in: {}.", searched));
}

void hold_to_setting(PlacedStudy& placed, const Setting& setting) {
  Study& study = placed.study;
  placed_look_up(placed, "channel", [&] { return &setting.channel(study.channel); });
  hold_wordings(placed, setting);
  const std::vector<std::string> existing = arms_with_any(study, setting);
  if (study.arms.empty()) study.arms = existing;
  std::vector<std::string> arms, contrasts;
  for (const std::string& arm : study.arms) {
    placed_look_up(placed, "arms", [&] { return &setting.arm(arm); });
    reject_again(placed, "arms", arms, arm);
    arms.push_back(arm);
    for (const std::string& wording : study.wordings) {
      // An arm that one wording lacks is left out there; one that all lack is an error. So are
      // wordings that do not go together.
      if (!has_arm(setting, wording, arm) && std::ranges::count(existing, arm) > 0) continue;
      placed_look_up(placed, "wordings", [&] {
        return render_prompt(setting, study.channel, wording, arm, Query{.text = "?"});
      });
    }
  }
  for (const std::string& contrast : study.contrasts) {
    reject_again(placed, "contrasts", contrasts, contrast);
    contrasts.push_back(contrast);
    const Contrast named =
        placed_look_up(placed, "contrasts", [&] { return contrast_named(setting, contrast); });
    for (const std::string& arm : {named.more, named.less}) {
      if (std::ranges::count(study.arms, arm) > 0) continue;
      throw Error(ErrorCode::invalid,
                  fmt::format("{}: {} needs the arm \"{}\", which the study leaves out",
                              placed.place("contrasts"), contrast, arm),
                  "Add it to the arms, or leave the contrast out.");
    }
  }
}

std::vector<Contrast> contrasts_of(const Study& study, const Setting& setting) {
  std::vector<Contrast> contrasts;
  for (const std::string& name : study.contrasts) {
    contrasts.push_back(contrast_named(setting, name));
  }
  if (contrasts.empty()) contrasts = setting.contrasts;
  auto exists = [&](const Contrast& contrast) {
    auto is_asked = [&](const std::string& arm) { return std::ranges::count(study.arms, arm) > 0; };
    if (!is_asked(contrast.more) || !is_asked(contrast.less)) return false;
    return std::ranges::any_of(study.wordings, [&](const std::string& wording) {
      return has_arm(setting, wording, contrast.more) && has_arm(setting, wording, contrast.less);
    });
  };
  std::erase_if(contrasts, [&](const Contrast& contrast) { return !exists(contrast); });
  return contrasts;
}

std::string no_contrast(const LoadedStudy& loaded) {
  std::vector<std::string> names;
  for (const Contrast& contrast : loaded.setting.contrasts) names.push_back(contrast.name());
  if (names.empty()) {
    return fmt::format("no gap: the setting \"{}\" declares no contrast; name one with --contrast",
                       loaded.setting.name);
  }
  return fmt::format("no gap: the arms {} form none of the contrasts {}",
                     fmt::join(loaded.study.arms, ", "), fmt::join(names, ", "));
}

}  // namespace iago
