// The report of a run as one HTML file: the finding, the figures with their intervals, the gap of
// every query, what is missing, the judges' error, the prompts as sent, transcripts, and the hashes
// by which each of them can be checked. It opens from disk without network or script, and its
// content security policy admits nothing but its own style sheet.
//
// From the store alone and the same bytes each time. The page is written in html/page.html and
// html/page.css; texts of subjects, studies and judges only ever come in through the template's
// escaping (template.h), long ones are cut with a note of how much.
#pragma once

#include <string>

#include "figures/battery.h"
#include "figures/comparison.h"
#include "figures/document_experiment.h"
#include "figures/summary.h"
#include "figures/training.h"
#include "figures/trainings.h"
#include "store/store.h"

namespace iago {

// `summary` is a summary of this store. Errors as Store.
std::string html_page(const Store& store, const Summary& summary);

// Several runs side by side, with a forest plot of the gaps; safe in the same way.
std::string html_page(const Comparison& comparison);

// A battery: its finding, a plot of every gap before and after, and its table. Pure.
std::string html_page(const Battery& battery);

// A training: its trajectories with every seed a line, findings and alarms, and what the subject
// answers to the same queries along the way. Reads the evaluations' stores for the last. Errors as
// Store.
std::string html_page(const Training& training);

// Several trainings of one contrast: their trajectories, their rewards beside the largest at each
// divergence, their ends in a table. At least one. Pure. Error invalid for several contrasts.
std::string html_page(const std::vector<ComparedTraining>& trainings);

// An experiment on documents: what was expected and found, belief by every way of asking, the gap
// by group, doses and denials. Pure.
std::string html_page(const DocumentExperimentFigures& experiment);

}  // namespace iago
