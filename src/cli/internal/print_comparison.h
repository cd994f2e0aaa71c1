// A comparison of runs, trainings, a battery or an experiment on documents, printed by `iago
// compare` and `iago report`, and at the end of the commands that make them.
#pragma once

#include <string>
#include <vector>

#include "figures/battery.h"
#include "figures/comparison.h"
#include "figures/document_experiment.h"
#include "figures/training.h"
#include "figures/trainings.h"

namespace iago {

// On standard output; the format is one of FormatOption's.
void print_comparison(const Comparison& comparison, const std::string& format);
void print_training(const Training& training, const std::string& format);
void print_trainings(const std::vector<ComparedTraining>& trainings, const std::string& format);
void print_battery(const Battery& battery, const std::string& format);
void print_experiment(const DocumentExperimentFigures& experiment, const std::string& format);

}  // namespace iago
