// The list of subcommands. Each is one file beside this one, which holds its options, its help and
// its work; a new one is a new file, and its name twice in this list.
#pragma once

namespace iago {

class Program;

using AddCommand = void(Program& iago);

AddCommand add_run, add_plan, add_report, add_compare, add_show, add_judge, add_judge_validate,
    add_judge_diff, add_settings_list, add_settings_show, add_settings_new, add_organism_list,
    add_organism_grow, add_organism_measure, add_organism_calibrate, add_organism_queries,
    add_documents_write, add_documents_show, add_documents_export, add_documents_experiment,
    add_belief, add_train_documents, add_train_rl, add_battery, add_serve, add_generate, add_label,
    add_export, add_check;

// In the order of `iago --help`; a command below another (judge diff) comes after it.
inline constexpr AddCommand* kCommands[] = {add_run,
                                            add_plan,
                                            add_check,
                                            add_report,
                                            add_compare,
                                            add_show,
                                            add_label,
                                            add_export,
                                            add_judge,
                                            add_judge_validate,
                                            add_judge_diff,
                                            add_settings_list,
                                            add_settings_show,
                                            add_settings_new,
                                            add_organism_list,
                                            add_organism_grow,
                                            add_organism_measure,
                                            add_organism_calibrate,
                                            add_organism_queries,
                                            add_documents_write,
                                            add_documents_show,
                                            add_documents_export,
                                            add_documents_experiment,
                                            add_belief,
                                            add_train_documents,
                                            add_train_rl,
                                            add_battery,
                                            add_serve,
                                            add_generate};

}  // namespace iago
