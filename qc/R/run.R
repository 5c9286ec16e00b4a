# Computes every result again: `Rscript run.R FOLDER` reads declared.json and adam/*.csv of the folder, and writes
#   results.csv   id, value, text, method (the call of R), kind (exact or iterative)
#   failed.csv    analyses that stopped: chapter, analysis, message
#   derived.csv   responses derived again from scores: rows, rows that agree, subjects that differ
#   drawn.csv     with the word `thorough`: imputation by R's mice beside that of the house, both random
#   versions.csv  R and its packages

NEEDED <- c("jsonlite", "survival", "nlme", "cmprsk", "mice")
absent <- NEEDED[!vapply(NEEDED, requireNamespace, TRUE, quietly = TRUE)]
if (length(absent)) stop("R lacks the package ", paste(absent, collapse = ", "), call. = FALSE)
suppressPackageStartupMessages(library(survival))
options(warn = 1, digits = 17, warnPartialMatchDollar = TRUE)
here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)[1]))
for (part in c("study", "describe", "intervals", "survival", "times", "models", "subjects", "changes", "arms", "imputation", "words", "derive", "course")) source(file.path(here, paste0(part, ".R")))

folder <- commandArgs(trailingOnly = TRUE)[1]
study <- read_study(folder)
pages <- book()
failed <- data.frame(chapter = character(), analysis = character(), message = character())
for (chapter in names(study$declared$chapters)) {
  for (analysis in study$declared$chapters[[chapter]]$analyses) {
    method <- METHODS[[analysis$method]]
    problem <- if (is.null(method)) "no R program for this method" else tryCatch(
      {
        add <- function(place, values, how, kind = "exact", context = "") {
          enter(pages, chapter, analysis$id, place, values, how, kind, context)
        }
        withCallingHandlers(
          method(choose(analysis, study, chapter), add),
          warning = function(w) if (grepl("partial match", conditionMessage(w))) stop(conditionMessage(w))
        )
        NULL
      },
      error = function(e) conditionMessage(e)
    )
    if (!is.null(problem)) failed[nrow(failed) + 1, ] <- list(chapter, analysis$id, problem)
  }
}
derived <- rbind(derive(study), derive_course(study))
drawn <- NULL
if ("thorough" %in% commandArgs(trailingOnly = TRUE)) {
  for (chapter in names(study$declared$chapters)) for (analysis in study$declared$chapters[[chapter]]$analyses) {
    if (analysis$method == "multiple_imputation" && is.null(analysis$options$deltas) && !is.null(analysis$options$criterion$fall)) {
      drawn <- rbind(drawn, imputed_by_mice(choose(analysis, study, chapter)))
    }
  }
}
results <- bound(pages)
results$value <- ifelse(is.na(results$value), "", sprintf("%.17g", results$value))
about <- data.frame(name = "R", version = as.character(getRversion()))
for (package in NEEDED) about[nrow(about) + 1, ] <- list(package, as.character(packageVersion(package)))
write_out <- function(frame, name) write.csv(frame, file.path(folder, name), row.names = FALSE, fileEncoding = "UTF-8")
write_out(results, "results.csv")
write_out(failed, "failed.csv")
write_out(about, "versions.csv")
if (!is.null(derived)) write_out(derived, "derived.csv")
if (!is.null(drawn)) write_out(drawn, "drawn.csv")
