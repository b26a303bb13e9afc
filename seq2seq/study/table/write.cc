#include "seq2seq/study/table/write.h"

#include "seq2seq/core/text.h"
#include "seq2seq/study/table/breakdown.h"
#include "seq2seq/study/table/commands.h"
#include "seq2seq/study/table/curves.h"
#include "seq2seq/study/table/layout.h"
#include "seq2seq/study/table/page.h"
#include "seq2seq/study/table/table_json.h"

namespace seq2seq::study {

namespace {

std::string all_grids(const std::vector<Grid>& grids, std::string (*write)(const Grid&)) {
  std::string text;
  for (const auto& grid : grids) text += (text.empty() ? "" : "\n") + write(grid);
  return text;
}

std::string as_lines(const std::vector<std::string>& sentences, const char* head) {
  std::string text;
  for (const auto& sentence : sentences) text += head + sentence + "\n";
  return text;
}

std::string latex_comment(std::string text) {
  replace_all(text, "\n", "\n% ");
  return "% " + text + "\n";
}

}  // namespace

std::string write_table(const StudyPlan& plan, Files& files, const std::filesystem::path& current) {
  const auto table = make_table(plan);
  auto grids = layout(table);
  for (auto& grid : by_source_length(table)) grids.push_back(std::move(grid));
  const auto remarks = notes(table);
  const auto folder = plan.outputs();
  files.make_folder(folder);
  const auto text = table.question + "\n\n" + all_grids(grids, to_text) + "\n" + as_lines(remarks, "");
  write_atomically(files, folder / "table.txt", text);
  write_atomically(files, folder / "table.md",
                   "# " + table.question + "\n\n" + all_grids(grids, to_markdown) + "\n" + as_lines(remarks, "- "));
  write_atomically(files, folder / "table.tex",
                   latex_comment(table.question) + all_grids(grids, to_latex) + as_lines(remarks, "% "));
  write_atomically(files, folder / "table.csv", to_csv(long_layout(table)));
  write_atomically(files, folder / "table.json", table_json(table));
  write_atomically(files, folder / "commands.txt", commands_of(plan, current));
  write_atomically(files, folder / "index.html", make_page(plan, table));
  if (const auto curves = draw_curves(table); !curves.empty())
    write_atomically(files, folder / "curves.svg", curves);
  else
    files.remove(folder / "curves.svg");  // of an earlier table
  return text;
}

}  // namespace seq2seq::study
