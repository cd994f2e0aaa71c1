#include "record/people_labels.h"

#include "record/names.h"

namespace iago {
namespace {

constexpr EnumName<LabelEstimator> kEstimatorNames[] = {
    {LabelEstimator::stratified, "stratified"},
    {LabelEstimator::prediction_powered, "prediction-powered"}};

}  // namespace

std::string_view name_of(LabelEstimator estimator) { return name_in(kEstimatorNames, estimator); }

std::optional<LabelEstimator> label_estimator_named(std::string_view name) {
  return value_in(kEstimatorNames, name);
}

bool is_people_label(const PeopleLabel& label) {
  const bool is_label = label.label == kUnknownLabel ||
                        (decides(label.label) && is_label_of(label.kind, label.label));
  return is_label && !label.labeller.empty() && label.labeller.size() <= kMaxLabellerBytes &&
         label.note.size() <= kMaxNoteBytes;
}

}  // namespace iago
