// For the tests: testdata/goldens.json, reference values of scipy and statsmodels, by section.
#pragma once

#include "base/json.h"

namespace iago {

Json read_goldens(const char* section);

}  // namespace iago
