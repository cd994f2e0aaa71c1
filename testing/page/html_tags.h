// For tests: a page's tags.
#pragma once

#include <string>
#include <vector>

namespace iago {

// Every tag by its name and its attributes' names, as a browser would find them.
inline std::vector<std::string> tags_of(const std::string& page) {
  std::vector<std::string> tags;
  for (auto at = page.find('<'); at != std::string::npos; at = page.find('<', at)) {
    std::string tag;
    bool quoted = false;
    for (++at; at < page.size() && (quoted || page[at] != '>'); ++at) {
      if (page[at] == '"') quoted = !quoted;
      if (!quoted) tag += page[at];
    }
    tags.push_back(tag);
    if (tag == "style") at = page.find("</style>", at);
  }
  return tags;
}

}  // namespace iago
