// A study on its way from a file and a command line to what load_study returns: each step changes
// it and says of an error where the key was given. Private to the room.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "study/query.h"
#include "study/setting.h"
#include "study/study.h"

namespace iago {

inline constexpr int kMaxRepeats = 100'000;
inline constexpr std::int64_t kMaxLimit = 1'000'000;  // of queries
inline constexpr std::int64_t kMaxSeed = std::numeric_limits<std::int64_t>::max();
inline constexpr const char* kTwiceHint =
    "Remove the second one; repeats = N samples more of everything.";

// A study with the place where each key was given: "FILE:LINE: arms" or "--arms".
struct PlacedStudy {
  Study study;
  std::string where;
  std::map<std::string, std::string> places;

  std::string place(const std::string& key) const;
};

// Runs a look-up and says of its error where the name was given.
template <typename LookUp>
auto placed_look_up(const PlacedStudy& placed, const std::string& key, LookUp look_up) {
  try {
    return look_up();
  } catch (const Error& error) {
    throw Error(ErrorCode::invalid, fmt::format("{}: {}", placed.place(key), error.what()),
                error.hint());
  }
}

// The file's text; nothing is looked up.
PlacedStudy read_study(std::string_view toml, std::string_view where);

// The command line's changes. Error invalid for a number out of its range.
void apply_overrides(const StudyOverrides& overrides, PlacedStudy& placed);

// The setting's folder: beside `base` if the study names a path, else by name in the folder of
// settings beside `study_folder` or in `data_folder`. Error not_found with where it looked.
std::filesystem::path find_setting(const PlacedStudy& placed, const std::filesystem::path& base,
                                   const std::filesystem::path& study_folder,
                                   const std::filesystem::path& data_folder);

// Holds channel, wordings, arms and contrasts to the setting, and fills in those left out.
void hold_to_setting(PlacedStudy& placed, const Setting& setting);

// Puts the judges that the setting names for the wordings in place of "setting". Error invalid for
// one that it names for other wordings only, which would count the wrong answers.
void resolve_judges(PlacedStudy& placed, const Setting& setting);

// A rubric named by a path is relative to the study's folder, as everything in the file is.
void place_judges(const std::filesystem::path& folder, Study& study);

// Those that the conditions keep, in the order in which they are asked; the path becomes absolute.
PlacedQueries load_asked_queries(PlacedStudy& placed, const std::filesystem::path& folder,
                                 std::size_t& in_file);

// Holds the labels that the study names (cluster_by, groups) to its queries.
void hold_to_queries(PlacedStudy& placed, const PlacedQueries& read);

// Error invalid for a text that to_toml cannot write: TOML is UTF-8 without NULs.
void check_writable(const Study& study);

}  // namespace iago
