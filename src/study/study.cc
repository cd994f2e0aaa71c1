// In order: the file, the command line, the setting, the judges, the queries. Each step is a file
// of its own (internal/placed_study.h).
#include "study/study.h"

#include "base/file.h"
#include "study/internal/placed_study.h"

namespace iago {

LoadedStudy load_study(const std::filesystem::path& file, const StudyOverrides& overrides,
                       const std::filesystem::path& data_folder) {
  PlacedStudy placed = read_study(read_file(file, kMaxStudyBytes), file.string());
  apply_overrides(overrides, placed);
  std::filesystem::path here = std::filesystem::current_path();
  std::filesystem::path folder = std::filesystem::absolute(file).parent_path();
  std::filesystem::path found =
      find_setting(placed, overrides.setting ? here : folder, folder, data_folder);
  LoadedStudy loaded;
  loaded.setting = load_setting(found);
  placed.study.setting = loaded.setting.folder;
  placed_look_up(placed, "parameters", [&] {
    set_parameters(placed.study.parameters, loaded.setting);
    return true;
  });
  hold_to_setting(placed, loaded.setting);
  resolve_judges(placed, loaded.setting);

  PlacedQueries read =
      load_asked_queries(placed, overrides.queries ? here : folder, loaded.queries_in_file);
  hold_to_queries(placed, read);
  loaded.queries = std::move(read.queries);
  place_judges(folder, placed.study);
  loaded.study = std::move(placed.study);
  check_writable(loaded.study);
  return loaded;
}

}  // namespace iago
