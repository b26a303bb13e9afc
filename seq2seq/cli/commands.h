#pragma once

#include <memory>

#include "seq2seq/cli/command.h"

namespace seq2seq::cli {

std::unique_ptr<Command> init_command();
std::unique_ptr<Command> prepare_command();
std::unique_ptr<Command> train_command();
std::unique_ptr<Command> plan_command();
std::unique_ptr<Command> translate_command();
std::unique_ptr<Command> score_command();
std::unique_ptr<Command> rescore_command();
std::unique_ptr<Command> evaluate_command();
std::unique_ptr<Command> compare_command();
std::unique_ptr<Command> states_command();
std::unique_ptr<Command> inspect_command();
std::unique_ptr<Command> config_reference_command();
std::unique_ptr<Command> config_check_command();
std::unique_ptr<Command> completion_command();
std::unique_ptr<Command> man_command();
std::unique_ptr<Command> study_plan_command();
std::unique_ptr<Command> study_run_command();
std::unique_ptr<Command> study_work_command();
std::unique_ptr<Command> study_status_command();
std::unique_ptr<Command> study_table_command();

}  // namespace seq2seq::cli
