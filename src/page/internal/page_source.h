// The pages' templates with their style sheet, compiled in. Private to this room.
#pragma once

#include <string_view>

namespace iago {

extern const std::string_view kPageHtml;        // html/page.html
extern const std::string_view kComparisonHtml;  // html/comparison.html
extern const std::string_view kTrainingHtml;    // html/training.html
extern const std::string_view kTrainingsHtml;   // html/trainings.html
extern const std::string_view kBatteryHtml;     // html/battery.html
extern const std::string_view kExperimentHtml;  // html/experiment.html

// Parts of them, each for a comment of its name:
extern const std::string_view kHeadHtml;     // html/head.html, the beginning
extern const std::string_view kFindingHtml;  // html/finding.html, headline and notice
extern const std::string_view kNoticeHtml;   // html/notice.html
extern const std::string_view kOptionsHtml;  // html/options.html, names and values
extern const std::string_view kRowsHtml;     // html/rows.html, a table
extern const std::string_view kTrackHtml;    // html/track.html, a curve
extern const std::string_view kForestHtml;   // html/forest.html, a forest plot
extern const std::string_view kPairsHtml;    // html/pairs.html, one with several marks in a row
extern const std::string_view kScaleHtml;    // html/scale.html, the lines behind a row of both
extern const std::string_view kAxisHtml;     // html/axis.html, the numbers below them
extern const std::string_view kPageCss;      // html/page.css

}  // namespace iago
