// Which cells a study and its setting make possible.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "instrument/battery.h"

namespace iago {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReferenceRun = "reference";

// Builds the cells one after the other.
class BatteryDesigner {
 public:
  BatteryDesigner(const fs::path& file, const StudyOverrides& overrides, const fs::path& data)
      : file_(file), overrides_(overrides), data_(data) {
    design_.study = load_study(file, overrides, data);
    const auto contrasts = contrasts_of(design_.study.study, setting());
    if (contrasts.empty()) throw Error(ErrorCode::invalid, no_contrast(design_.study));
    contrast_ = contrasts.front();
    if (design_.study.study.cluster_by.empty()) return;
    throw Error(ErrorCode::invalid,
                fmt::format("cluster_by: a battery pairs queries one by one and knows no clusters, "
                            "found \"{}\"",
                            design_.study.study.cluster_by),
                "give a study without cluster_by, or --cluster-by \"\"");
  }

  BatteryDesign design() {
    add_trained();
    add_paraphrases();
    add_other_arms();
    add_named(BatteryCellKind::no_scratchpad, "no scratchpad", "no-scratchpad",
              setting().battery.no_scratchpad, "wording without a scratchpad");
    add_named(BatteryCellKind::no_conflict, "no conflict", "no-conflict",
              setting().battery.no_conflict, "wording without the conflict");
    add_other_lab();
    add_benign();
    add_preferences();
    return std::move(design_);
  }

 private:
  const Setting& setting() const { return design_.study.setting; }
  const Study& study() const { return design_.study.study; }
  const std::string& reference() const { return study().reference; }
  const std::string& baseline() const { return setting().baseline; }

  void leave_out(BatteryCellKind kind, const std::string& name, std::string why) {
    design_.cells.push_back({.kind = kind,
                             .name = name,
                             .run = {},
                             .wording = {},
                             .arm = {},
                             .not_asked = std::move(why)});
  }

  void add_cell(BatteryCellKind kind, const std::string& name, const std::string& run,
                const std::string& wording, const std::string& arm = {}) {
    design_.cells.push_back(
        {.kind = kind, .name = name, .run = run, .wording = wording, .arm = arm, .not_asked = {}});
  }

  // The study with these wordings and arms, and whatever else `change` does to the overrides.
  template <typename Change>
  LoadedStudy changed_study(const std::vector<std::string>& wordings,
                            const std::vector<std::string>& arms, Change change) const {
    StudyOverrides overrides = overrides_;
    overrides.wordings = wordings;
    overrides.reference = wordings.front();
    overrides.arms = arms;
    overrides.contrasts = {contrast_.name()};
    change(overrides);
    return load_study(file_, overrides, data_);
  }
  LoadedStudy changed_study(const std::vector<std::string>& wordings,
                            const std::vector<std::string>& arms) const {
    return changed_study(wordings, arms, [](StudyOverrides&) {});
  }

  // The wording on top of the reference; absent if the two do not go together in this channel, with
  // `why`.
  std::optional<std::string> on_reference(const std::string& wording, std::string& why) const {
    try {
      const std::string both = reference() == kDefaultWording
                                   ? canonical_wording(setting(), wording)
                                   : canonical_wording(setting(), reference() + "+" + wording);
      for (const std::string& arm : {contrast_.more, contrast_.less}) {
        render_prompt(setting(), study().channel, both, arm, design_.study.queries.front());
      }
      return both;
    } catch (const Error& error) {
      why = error.what();
      return std::nullopt;
    }
  }

  std::vector<std::string> both_arms() const { return {contrast_.more, contrast_.less}; }

  bool has_baseline() const {
    return !baseline().empty() && baseline() != contrast_.more && baseline() != contrast_.less &&
           std::ranges::count(arms_with_wording(setting(), reference()), baseline()) > 0;
  }
  std::string no_baseline() const {
    return fmt::format("the setting {} has no arm in which nothing is said of training",
                       setting().name);
  }

  void add_trained() {
    std::vector<std::string> arms = arms_with_wording(setting(), reference());
    std::erase_if(arms, [&](const std::string& arm) {
      return std::ranges::count(study().arms, arm) == 0 && arm != baseline();
    });
    design_.runs.push_back({kReferenceRun, changed_study({reference()}, arms)});
    add_cell(BatteryCellKind::trained, reference(), kReferenceRun, reference());
    if (has_baseline()) {
      add_cell(BatteryCellKind::no_story, "no story", kReferenceRun, reference(), baseline());
    } else {
      leave_out(BatteryCellKind::no_story, "no story", no_baseline());
    }
  }

  // What says the same as the reference in other words, as the setting has it.
  void add_paraphrases() {
    std::vector<std::string> wordings;
    for (const std::string& wording : wordings_of_channel(setting(), study().channel)) {
      if (wording == kDefaultWording) continue;
      std::string why;
      const auto both = on_reference(wording, why);
      if (!both || *both == reference()) continue;
      if (role_of(setting(), *both, reference()) != WordingRole::paraphrase) continue;
      wordings.push_back(*both);
      add_cell(BatteryCellKind::paraphrase, *both, "paraphrases", *both);
    }
    if (wordings.empty()) {
      leave_out(BatteryCellKind::paraphrase, "paraphrases",
                fmt::format("the setting {} has no paraphrase that goes with the wording {} in the "
                            "channel {}",
                            setting().name, reference(), study().channel));
      return;
    }
    design_.runs.push_back({"paraphrases", changed_study(wordings, both_arms())});
  }

  // Arms that exist with a wording of their own: a third tier needs its rule.
  void add_other_arms() {
    std::vector<std::string> seen;
    for (const Arm& arm : setting().arms) {
      for (const std::string& needed : arm.needs_wording) {
        std::string why;
        const auto both = on_reference(needed, why);
        if (!both || *both == reference() || std::ranges::count(seen, *both) > 0) continue;
        seen.push_back(*both);
        const std::string run = fmt::format("arms-{}", seen.size());
        std::vector<std::string> arms = arms_with_wording(setting(), *both);
        std::erase(arms, baseline());
        design_.runs.push_back({run, changed_study({*both}, arms)});
        add_cell(BatteryCellKind::other_arms, *both, run, *both);
      }
    }
  }

  void add_named(BatteryCellKind kind, const std::string& name, const std::string& run,
                 const std::string& wording, const std::string& what) {
    if (wording.empty()) {
      return leave_out(
          kind, name,
          fmt::format("the setting {} names no {} under [battery]", setting().name, what));
    }
    std::string why;
    const auto both = on_reference(wording, why);
    if (!both) return leave_out(kind, name, why);
    design_.runs.push_back({run, changed_study({*both}, both_arms())});
    add_cell(kind, name, run, *both);
  }

  void add_other_lab() {
    const auto& parameters = setting().battery.other_lab;
    if (parameters.empty()) {
      return leave_out(
          BatteryCellKind::other_lab, "another lab",
          fmt::format("the setting {} names no other lab under [battery]", setting().name));
    }
    const auto changed = [&](StudyOverrides& overrides) {
      for (const auto& [name, value] : parameters) overrides.parameters[name] = value;
    };
    design_.runs.push_back({"other-lab", changed_study({reference()}, both_arms(), changed)});
    add_cell(BatteryCellKind::other_lab, "another lab", "other-lab", reference());
  }

  // A set of queries that the setting names for the channel; empty if it names none, or if the data
  // folder lacks its file.
  fs::path set_of(const std::map<std::string, std::string>& sets) const {
    const auto found = sets.find(study().channel);
    return found == sets.end() ? fs::path() : data_ / "queries" / (found->second + ".jsonl");
  }

  LoadedStudy with_set(const fs::path& set, const std::vector<std::string>& arms) const {
    return changed_study({reference()}, arms, [&](StudyOverrides& overrides) {
      overrides.queries = set.string();
      overrides.text_column.reset();  // these are about the study's own queries
      overrides.where.reset();
      if (study().sample) overrides.sample = std::min(*study().sample, load_queries(set).size());
      overrides.groups = "";
    });
  }

  void add_benign() {
    const fs::path set = set_of(setting().battery.benign);
    if (set.empty()) {
      return leave_out(BatteryCellKind::benign, "benign requests",
                       fmt::format("the setting {} names no benign queries for the channel {} "
                                   "under [battery]",
                                   setting().name, study().channel));
    }
    design_.runs.push_back({"benign", with_set(set, both_arms())});
    add_cell(BatteryCellKind::benign, "benign requests", "benign", reference(), contrast_.more);
  }

  void add_preferences() {
    const std::string in = "preferences in", out = "preferences out";
    const fs::path set = set_of(setting().battery.preferences);
    if (set.empty()) {
      const auto why = fmt::format(
          "the setting {} names no questions about preferences for the channel {} under "
          "[battery]",
          setting().name, study().channel);
      leave_out(BatteryCellKind::preferences_in, in, why);
      return leave_out(BatteryCellKind::preferences_out, out, why);
    }
    std::vector<std::string> arms = both_arms();
    if (has_baseline()) arms.push_back(baseline());
    LoadedStudy loaded = with_set(set, arms);
    loaded.study.judges = {setting().battery.preference_judge};
    // Few questions, so each is asked more often.
    loaded.study.repeats = preference_repeats(loaded);
    design_.runs.push_back({"preferences", std::move(loaded), true});
    add_cell(BatteryCellKind::preferences_in, in, "preferences", reference(), contrast_.more);
    if (has_baseline()) {
      add_cell(BatteryCellKind::preferences_out, out, "preferences", reference(), baseline());
    } else {
      leave_out(BatteryCellKind::preferences_out, out, no_baseline());
    }
  }

  // As many answers as there are to the study's own queries, at most a hundred to each question.
  int preference_repeats(const LoadedStudy& loaded) const {
    constexpr std::size_t kMostPreferenceRepeats = 100;
    const std::size_t queries = study().asked_of(design_.study.queries.size());
    const std::size_t all = queries * static_cast<std::size_t>(study().repeats);
    return static_cast<int>(
        std::clamp(all / loaded.queries.size(), std::size_t{1}, kMostPreferenceRepeats));
  }

  const fs::path& file_;
  const StudyOverrides& overrides_;
  const fs::path& data_;
  Contrast contrast_;
  BatteryDesign design_;
};

}  // namespace

BatteryDesign design_battery(const fs::path& file, const StudyOverrides& overrides,
                             const fs::path& data) {
  return BatteryDesigner(file, overrides, data).design();
}

}  // namespace iago
