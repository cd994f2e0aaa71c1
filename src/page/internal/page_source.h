// The pages' templates with their style sheet, compiled in. Private to this room.
#pragma once

#include <string_view>

namespace iago {

extern const std::string_view kPageHtml;        // html/page.html
extern const std::string_view kComparisonHtml;  // html/comparison.html
extern const std::string_view kTrainingHtml;    // html/training.html
extern const std::string_view kBatteryHtml;     // html/battery.html
extern const std::string_view kHeadHtml;        // html/head.html, the beginning of all four
extern const std::string_view kRowsHtml;        // html/rows.html, a table of all but the first
extern const std::string_view kForestHtml;      // html/forest.html, a part of the first two
extern const std::string_view kPageCss;         // html/page.css

}  // namespace iago
