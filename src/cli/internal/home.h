// Home: the folder of the shipped data (settings, queries, rubrics, organisms, studies, prices). It
// is looked for where it is needed, so that what needs none of it runs without. Nothing is written
// there but by the options --write.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace iago {

class Home {
 public:
  // `places` are tried in turn, where neither --home nor the variable IAGO_HOME names the folder.
  explicit Home(std::vector<std::filesystem::path> places) : places_(std::move(places)) {}

  // As --home gives it; empty if it was not given.
  void set_named(const std::filesystem::path& named) { named_ = named; }

  // --home, else IAGO_HOME, else the first of the places that holds settings/ and organisms/. Error
  // not_found, which lists where it looked; so a named folder that does not hold them is refused.
  std::filesystem::path folder() const;

  operator std::filesystem::path() const { return folder(); }
  friend std::filesystem::path operator/(const Home& home, const std::filesystem::path& below) {
    return home.folder() / below;
  }

 private:
  std::filesystem::path named_;
  std::vector<std::filesystem::path> places_;
};

}  // namespace iago
