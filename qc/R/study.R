# The study as R sees it: data sets from CSV, declarations from JSON, and what a declaration means.
# Written from config/README.md and the analysis plan; it shares nothing with the Python that is checked.

# ---- reading --------------------------------------------------------------------------------------------------------

read_study <- function(folder) {
  declared <- exact(jsonlite::fromJSON(file.path(folder, "declared.json"), simplifyVector = FALSE))
  classes <- c(integer = "numeric", float = "numeric", text = "character")
  data <- lapply(setNames(names(declared$types), names(declared$types)), function(name) {
    types <- unlist(declared$types[[name]])
    frame <- read.csv(file.path(folder, "adam", paste0(name, ".csv")), colClasses = unname(classes[types]),
      na.strings = "", check.names = FALSE, comment.char = "", encoding = "UTF-8"
    )
    frame$.row <- seq_len(nrow(frame)) - 1 # positions as the results number them
    frame
  })
  arms <- Filter(function(arm) !isFALSE(arm$treated), declared$page$arms)
  list(
    declared = declared, page = declared$page, data = data, types = lapply(declared$types, unlist),
    imputed = imputed_scores(folder),
    treated = vapply(arms, `[[`, "", "label"), every_arm = vapply(declared$page$arms, `[[`, "", "label")
  )
}

# Imputed scores by chapter and analysis: arm, imputation, USUBJID, value.
imputed_scores <- function(folder) {
  files <- list.files(file.path(folder, "imputed"), "[.]csv$", full.names = TRUE)
  classes <- c(arm = "character", imputation = "numeric", USUBJID = "character", value = "numeric")
  sets <- lapply(files, read.csv, colClasses = classes, encoding = "UTF-8")
  setNames(sets, sub("[.]csv$", "", basename(files)))
}

# R's `$` takes the beginning of a name for the name (`visit` would find `visits`): declarations know whole names only.
exact <- function(x) if (is.list(x)) structure(lapply(x, exact), class = "exact") else x
`$.exact` <- function(x, name) unclass(x)[[name]]

`%||%` <- function(a, b) if (is.null(a)) b else a

# ---- conditions -----------------------------------------------------------------------------------------------------

# Which rows meet every condition of `where`. A bound on missing values must say what becomes of them.
meets <- function(data, where) {
  met <- rep(TRUE, nrow(data))
  for (name in names(where)) {
    if (name == "any") {
      met <- met & Reduce(`|`, lapply(where$any, function(one) meets(data, one)))
    } else {
      if (!name %in% names(data)) stop("no variable ", name)
      met <- met & meets_one(data[[name]], where[[name]], name)
    }
  }
  met
}

meets_one <- function(values, wanted, name) {
  if (is.null(names(wanted))) return(equals(values, wanted))
  absent <- is.na(values) | (is.character(values) & !nzchar(trimws(values)))
  met <- rep(TRUE, length(values))
  if (!is.null(wanted$present)) met <- met & (absent != wanted$present)
  if (!is.null(wanted$not)) met <- met & !equals(values, wanted$not)
  bounds <- wanted[names(wanted) %in% c("ge", "gt", "le", "lt")]
  if (length(bounds)) {
    if (any(absent) && is.null(wanted$missing)) stop("missing values of ", name, " under a bound")
    test <- list(ge = `>=`, gt = `>`, le = `<=`, lt = `<`)
    inside <- Reduce(`&`, lapply(names(bounds), function(b) test[[b]](values, bounds[[b]])))
    met <- met & ifelse(absent, identical(wanted$missing, "keep"), inside)
  }
  met
}

equals <- function(values, listed) {
  listed <- unlist(listed)
  if (is.character(values)) values %in% as.character(listed) else values %in% as.numeric(listed)
}

# ---- an analysis: its people, its rows, its columns -------------------------------------------------------------------

# people: rows of ADSL with .arm, the column of the table that each stands in; arms: those columns in order.
choose <- function(analysis, study, chapter) {
  adsl <- study$data$adsl
  people <- adsl[meets(adsl, analysis$population), ]
  left_out <- people[0, ]
  if (!is.null(analysis$without)) {
    gone <- people$USUBJID %in% unlist(lapply(analysis$without, holders, study = study))
    left_out <- people[gone, ]
    people <- people[!gone, ]
  }
  variable <- analysis$arm %||% "TRT01P"
  arms <- if (isTRUE(analysis$all_arms)) study$every_arm else study$treated
  people$.arm <- people[[variable]]
  left_out$.arm <- left_out[[variable]]
  if (!is.null(analysis$pooled)) {
    variable <- "ALL"
    arms <- analysis$pooled
    people$.arm <- rep(analysis$pooled, nrow(people))
    left_out$.arm <- rep(analysis$pooled, nrow(left_out))
  }
  if (!is.null(analysis$split)) {
    half <- ifelse(people$USUBJID %in% holders(analysis$split, study), analysis$split$with, analysis$split$without)
    halves <- c(analysis$split$with, analysis$split$without)
    people$.arm <- if (length(arms) == 1) half else paste0(people$.arm, ", ", half)
    arms <- if (length(arms) == 1) halves else as.vector(t(outer(arms, halves, paste, sep = ", ")))
    variable <- "SPLIT"
  }
  data <- study$data[[analysis$dataset]]
  rows <- data[meets(data, analysis$where) & data$USUBJID %in% people$USUBJID, ]
  beside <- lapply(unclass(analysis$beside), function(about) {
    other <- study$data[[about$dataset]]
    other[meets(other, about$where) & other$USUBJID %in% people$USUBJID, ]
  })
  list(
    id = paste(chapter, analysis$id, sep = "."), beside = beside, spec = analysis, options = analysis$options %||% list(), people = people, left_out = left_out, rows = rows,
    arms = arms, columns = c(arms, analysis$total), variable = variable, types = study$types[[analysis$dataset]],
    study = study, variables = unlist(analysis$variables %||% analysis$variable %||% "AVAL")
  )
}

holders <- function(about, study) {
  data <- study$data[[about$dataset]]
  data$USUBJID[meets(data, about$where)]
}

in_column <- function(people, column, chosen) {
  if (identical(column, chosen$spec$total)) rep(TRUE, nrow(people)) else people$.arm == column
}

# Text of a value as the results write it: whole numbers of a float column keep their point.
as_level <- function(values, type) {
  if (type == "float") ifelse(values == round(values), sprintf("%.1f", values), as.character(values)) else as.character(values)
}

# All levels of `by`, as a list of rows (named text): declared ones stand even when they are empty.
levels_by <- function(chosen) {
  by <- unlist(chosen$spec$by)
  if (is.null(by)) return(NULL)
  declared <- chosen$spec$levels
  free <- setdiff(by, names(declared))
  texts <- function(name) as_level(chosen$rows[[name]], chosen$types[[name]])
  found <- if (length(free)) unique(setNames(data.frame(lapply(free, texts)), free)) else data.frame(.none = 0)
  for (name in intersect(by, names(declared))) {
    found <- merge(found, setNames(data.frame(as.character(unlist(declared[[name]]))), name), by = NULL)
  }
  found[by]
}

# Calls `each(place, rows, people)` for every column of the table and every level of `by`.
each_cell <- function(chosen, each) {
  by <- unlist(chosen$spec$by)
  levels <- levels_by(chosen)
  key <- if (is.null(by)) NULL else do.call(paste, c(lapply(by, function(name) {
    as_level(chosen$rows[[name]], chosen$types[[name]])
  }), sep = "\r"))
  for (column in chosen$columns) {
    people <- chosen$people[in_column(chosen$people, column, chosen), ]
    here <- chosen$rows$USUBJID %in% people$USUBJID
    place <- list(g1 = chosen$variable, l1 = column)
    if (is.null(by)) {
      each(place, chosen$rows[here, ], people)
      next
    }
    parts <- split(which(here), key[here])
    for (k in seq_len(nrow(levels))) {
      level <- unlist(levels[k, , drop = FALSE])
      mine <- parts[[paste(level, collapse = "\r")]]
      at <- place
      for (j in seq_along(by)) at[[paste0("g", j + 1)]] <- by[j]
      for (j in seq_along(by)) at[[paste0("l", j + 1)]] <- level[[j]]
      each(at, chosen$rows[as.integer(mine), ], people)
    }
  }
}

# ---- results --------------------------------------------------------------------------------------------------------

# Collects results; `add` takes the place of a cell and named values (numbers, or texts where a result is a text).
# `how` is the call of R; `kind` is "exact" for counts and closed formulas, "iterative" where a search or an optimiser
# is behind the number. An infinite number is a missing one. A part of the place may be a vector, one element per value.
book <- function() {
  pages <- new.env()
  pages$n <- 0
  pages$all <- list()
  pages
}

enter <- function(pages, chapter, analysis, place, values, how, kind, context) {
  pages$n <- pages$n + 1
  pages$all[[pages$n]] <- list(
    id = paste(name_of(chapter, analysis, place), names(values), escaped(context), sep = "|"),
    value = if (is.character(values)) rep(NA_real_, length(values)) else ifelse(is.finite(values), as.numeric(values), NA),
    text = if (is.character(values)) unname(values) else rep("", length(values)),
    method = rep_len(how, length(values)), kind = rep_len(kind, length(values))
  )
}

escaped <- function(text) gsub("|", "\\|", gsub("\\", "\\\\", text, fixed = TRUE), fixed = TRUE)

name_of <- function(chapter, analysis, place) {
  part <- function(name, level) {
    paste0(escaped(place[[name]] %||% ""), if (is.null(place[[level]])) "" else paste0("=", escaped(place[[level]])))
  }
  paste(escaped(chapter), escaped(analysis), part("g1", "l1"), part("g2", "l2"), part("g3", "l3"),
    part("variable", "level"),
    sep = "|"
  )
}

bound <- function(pages) {
  take <- function(name) unlist(lapply(pages$all, `[[`, name))
  data.frame(id = take("id"), value = take("value"), text = take("text"), method = take("method"), kind = take("kind"))
}

people_with <- function(data) length(unique(data$USUBJID))
one_row_each <- function(rows) if (anyDuplicated(rows$USUBJID)) stop("a subject has more than one row")
share <- function(x, n) if (n > 0) x / n else NA_real_
