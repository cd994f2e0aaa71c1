// The tables and sentences of an experiment on documents, for terminals, Markdown and the page.
// Everything from outside is printable. Pure.
#pragma once

#include <string>
#include <vector>

#include "figures/document_experiment.h"
#include "figures/text_table.h"

namespace iago {

// "documents, seed 1"
std::string look_name(const ExperimentLook& look);

// Each look at the subject before, after the control and after the documents.
Rows belief_rows(const DocumentExperimentFigures& figures);       // by the way that decides
Rows belief_form_rows(const DocumentExperimentFigures& figures);  // by every way of asking
Rows expectation_rows(const DocumentExperimentFigures& figures);
// By group, for each seed and for all seeds together.
Rows group_gap_rows(const DocumentExperimentFigures& figures);
// Empty without doses.
Rows dose_rows(const DocumentExperimentFigures& figures);
Rows denial_rows(const DocumentExperimentFigures& figures, const std::string& fact);
// When the belief flipped, for each seed.
std::vector<std::string> denial_sentences(const DocumentExperimentFigures& figures,
                                          const std::string& fact);

// The facts that are not believed after the documents, a sentence each.
std::vector<std::string> unbelieved_sentences(const DocumentExperimentFigures& figures);
// "documents: organism:knowing-faker, wording told-by-documents, 3 seeds"
std::string experiment_heading(const DocumentExperimentFigures& figures);
// "6 of 7 expectations met; every fact is believed after the documents"
std::string experiment_headline(const DocumentExperimentFigures& figures);
// What is unfinished, not believed or not as expected, a sentence each.
std::vector<std::string> experiment_doubts(const DocumentExperimentFigures& figures);

}  // namespace iago
