// --set NAME=VALUE: parameters of a file's texts.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace iago {

// As --set takes them. Error invalid for one that is not NAME=VALUE.
std::map<std::string, std::string> read_parameters(const std::vector<std::string>& set);

}  // namespace iago
