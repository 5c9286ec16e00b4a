# Counts and descriptive statistics.

METHODS <- new.env()

# n, p and rows of each level; a subject counts once in each level that it has.
METHODS$counts <- function(chosen, add) {
  o <- chosen$options
  for (variable in chosen$variables) {
    texts <- function(rows) as_level(rows[[variable]], chosen$types[[variable]])
    levels <- unique(c(as.character(unlist(o$levels[[variable]])), na.omit(texts(chosen$rows))))
    each_cell(chosen, function(place, rows, people) {
      place$variable <- variable
      level <- factor(texts(rows), levels)
      known <- unique(rows$USUBJID[!is.na(level)])
      N <- if (identical(o$denominator, "observed")) length(known) else nrow(people)
      subjects <- tapply(rows$USUBJID, level, function(s) length(unique(s)), default = 0)
      records <- table(level)
      missing <- nrow(people) - length(known)
      add(place, c(N = N, n_missing = missing), "length(unique(USUBJID))")
      add(place, c(events_missing = sum(is.na(level))), "sum(is.na)")
      if (!identical(o$denominator, "observed")) add(place, c(p_missing = share(missing, N)), "n / N")
      for (name in levels) {
        at <- c(place, level = name)
        add(at, c(n = subjects[[name]], events = records[[name]]), "tapply(USUBJID, level, ...)")
        add(at, c(p = share(subjects[[name]], N)), "n / N")
      }
    })
  }
}

described <- function(x) {
  found <- c(mean = NA, sd = NA, se = NA, median = NA, q1 = NA, q3 = NA, min = NA, max = NA)
  if (length(x)) {
    found[c("mean", "median", "min", "max")] <- c(mean(x), median(x), min(x), max(x))
    found[c("sd", "se")] <- c(sd(x), sd(x) / sqrt(length(x)))
    found[c("q1", "q3")] <- quantile(x, c(0.25, 0.75), type = 2)
  }
  found
}
DESCRIBED <- c("mean", "sd", "sd / sqrt(n)", "median", rep("quantile(type = 2)", 2), "min", "max")

METHODS$continuous <- function(chosen, add) {
  each_cell(chosen, function(place, rows, people) {
    one_row_each(rows)
    for (variable in chosen$variables) {
      place$variable <- variable
      x <- rows[[variable]][!is.na(rows[[variable]])]
      add(place, c(N = nrow(people), n = length(x), n_missing = nrow(people) - length(x)), "length")
      add(place, described(x), DESCRIBED)
    }
  })
}

# The same of records, of which a subject may have several.
METHODS$records <- function(chosen, add) {
  o <- chosen$options
  each_cell(chosen, function(place, rows, people) {
    place$variable <- o$variable
    add(place, c(N = nrow(people)), "nrow")
    for (line in o$lines) {
      mine <- rows[meets(rows, line$where), ]
      known <- mine[!is.na(mine[[o$variable]]), ]
      at <- c(place, level = line$id)
      add(at, c(n = nrow(known), subjects = people_with(known), n_missing = nrow(mine) - nrow(known)), "nrow")
      add(at, described(known[[o$variable]]), DESCRIBED)
    }
  })
}

METHODS$boxes <- function(chosen, add) {
  variable <- chosen$variables[1]
  each_cell(chosen, function(place, rows, people) {
    one_row_each(rows)
    place$variable <- variable
    rows <- rows[!is.na(rows[[variable]]), ]
    x <- rows[[variable]]
    box <- setNames(rep(NA_real_, 5), c("q1", "median", "q3", "whisker_low", "whisker_high"))
    beyond <- logical(0)
    if (length(x)) {
      q <- quantile(x, c(0.25, 0.5, 0.75), type = 2)
      reach <- 1.5 * (q[3] - q[1])
      beyond <- x < q[1] - reach | x > q[3] + reach
      box[] <- c(q, range(x[!beyond]))
    }
    add(place, c(N = nrow(people), n = length(x), outliers = sum(beyond)), "length")
    add(place, box, c(rep("quantile(type = 2)", 3), rep("range(x within 1.5 IQR)", 2)))
    for (k in which(beyond)) add(c(place, level = as.character(rows$.row[k])), c(outlier = x[k]), "x beyond 1.5 IQR")
  })
}

# Two values of each subject; who has not both is counted under the reason that a row gives, x before y.
METHODS$pairs <- function(chosen, add) {
  o <- chosen$options
  cells <- list()
  each_cell(chosen, function(place, rows, people) {
    pick <- function(where) {
      found <- rows[meets(rows, where), ]
      one_row_each(found)
      found[match(people$USUBJID, found$USUBJID), ]
    }
    x <- pick(o$x)
    y <- pick(o$y)
    why <- function(axis) ifelse(is.na(axis$AVAL), if (is.null(o$reason)) NA else axis[[o$reason]], NA)
    lost <- is.na(x$AVAL) | is.na(y$AVAL)
    reason <- ifelse(!is.na(why(x)), why(x), ifelse(!is.na(why(y)), why(y), "No record"))
    cells[[length(cells) + 1]] <<- list(place = c(place, variable = "AVAL"), people = people, x = x, y = y,
      lost = lost, reason = reason[lost])
  })
  reasons <- unique(unlist(lapply(cells, `[[`, "reason")))
  for (cell in cells) {
    add(cell$place, c(N = nrow(cell$people), n = sum(!cell$lost), n_missing = sum(cell$lost)), "sum(!is.na(x) & !is.na(y))")
    for (text in reasons) add(c(cell$place, level = text), c(left_out = sum(cell$reason == text)), "table(reason)")
    for (k in which(!cell$lost)) {
      at <- c(cell$place, g3 = "USUBJID", l3 = cell$people$USUBJID[k])
      add(at, c(x = cell$x$AVAL[k], y = cell$y$AVAL[k]), "the value itself")
    }
  }
}

# What a figure of single subjects draws; with too many of them none is drawn.
METHODS$points <- function(chosen, add) {
  o <- chosen$options
  axes <- unlist(o[c("x", "y")])
  each_cell(chosen, function(place, rows, people) {
    place$variable <- o$y %||% o$x
    every <- nrow(rows)
    rows <- rows[complete.cases(rows[unname(axes)]), ]
    n <- people_with(rows)
    drawn <- n <= (o$at_most %||% 200)
    add(place, c(N = nrow(people), n = n, n_missing = nrow(people) - n, drawn = if (drawn) n else 0), "length(unique(USUBJID))")
    add(place, c(records_missing = every - nrow(rows)), "sum(!complete.cases(x))")
    if (!drawn || !nrow(rows)) return()
    at <- c(place, list(g3 = "USUBJID", l3 = rows$USUBJID, level = as.character(rows$.row)))
    for (axis in names(axes)) add(at, setNames(rows[[axes[[axis]]]], rep(axis, nrow(rows))), "the value itself")
    if (is.null(o$mark)) return()
    texts <- sapply(unlist(o$mark), function(name) as_level(rows[[name]], chosen$types[[name]]))
    mark <- apply(matrix(texts, nrow(rows)), 1, function(text) paste(text[!is.na(text)], collapse = ": "))
    add(at, setNames(mark, rep("mark", nrow(rows))), "the text itself")
  })
}

# What a condition says of each row in R's own logic of three values: NA where a value that decides it is missing (a
# test for presence always decides).
verdict <- function(data, where) {
  said <- rep(TRUE, nrow(data))
  for (name in names(where)) {
    said <- said & if (name == "any") {
      Reduce(`|`, lapply(where$any, function(one) verdict(data, one)))
    } else {
      blind <- is.na(data[[name]]) & !identical(names(where[[name]]), "present")
      ifelse(blind, NA, meets(data, where[name]))
    }
  }
  said
}

METHODS$events <- function(chosen, add) {
  each_cell(chosen, function(place, rows, people) {
    place$variable <- "line"
    add(place, c(N = nrow(people)), "nrow")
    for (line in chosen$options$lines) {
      at <- c(place, level = line$id)
      mine <- rows[meets(rows, line$where), ]
      add(at, c(n = people_with(mine), events = nrow(mine), events_unknown = sum(is.na(verdict(rows, line$where)))), "length(unique(USUBJID))")
      add(at, c(p = share(people_with(mine), nrow(people))), "n / N")
    }
  })
}

# Events by two levels of terms: subjects and rows of any, of each group, of each term; and by worst grade.
METHODS$terms <- function(chosen, add) {
  o <- chosen$options
  upper <- o$terms[[1]]
  lower <- o$terms[[2]]
  for (name in c(upper, lower)) chosen$rows[[name]][is.na(chosen$rows[[name]])] <- "Not coded"
  if (!is.null(o$worst)) {
    grade <- chosen$rows[[o$worst]]
    chosen$rows$.grade <- ifelse(is.na(grade), "Missing", as.character(grade))
    ladder <- c("Missing", as.character(unlist(o$grades)))
    if (!all(chosen$rows$.grade %in% ladder)) stop("a grade that is not listed")
    chosen$rows$.rank <- match(chosen$rows$.grade, ladder)
  }
  listed <- unique(chosen$rows[c(upper, lower)])
  kept <- listed
  if (!is.null(o$at_least)) {
    often <- rep(FALSE, nrow(listed))
    each_cell(chosen, function(place, rows, people) {
      of_term <- split(rows$USUBJID, paste(rows[[upper]], rows[[lower]], sep = "\r"))
      n <- lengths(lapply(of_term, unique))[paste(listed[[upper]], listed[[lower]], sep = "\r")]
      often <<- often | (!is.na(n) & n >= o$at_least * nrow(people))
    })
    kept <- listed[often, ]
  }
  each_cell(chosen, function(place, rows, people) {
    say <- function(at, part) {
      add(at, c(n = people_with(part), events = nrow(part)), "length(unique(USUBJID))")
      add(at, c(p = share(people_with(part), nrow(people))), "n / N")
      if (is.null(o$worst)) return()
      worst <- part[order(part$USUBJID, -part$.rank), ]
      worst <- worst[!duplicated(worst$USUBJID), ]
      for (name in ladder) {
        n <- sum(worst$.grade == name)
        add(c(at, variable = o$worst, level = name), c(n = n, p = share(n, nrow(people))), "order(USUBJID, -grade), first of each")
      }
    }
    add(place, c(N = nrow(people), terms_left_out = nrow(listed) - nrow(kept)), "nrow")
    place$g2 <- upper
    say(c(place, l2 = "Any event"), rows)
    for (group in unique(kept[[upper]])) say(c(place, l2 = group), rows[rows[[upper]] == group, ])
    by_term <- split(seq_len(nrow(rows)), paste(rows[[upper]], rows[[lower]], sep = "\r"))
    for (k in seq_len(nrow(kept))) {
      at <- c(place, l2 = kept[[upper]][k], g3 = lower, l3 = kept[[lower]][k])
      say(at, rows[as.integer(by_term[[paste(kept[[upper]][k], kept[[lower]][k], sep = "\r")]]), ])
    }
  })
}

# One category of each subject at baseline and one after it; every subject stands in one cell.
METHODS$shift <- function(chosen, add) {
  o <- chosen$options
  variable <- chosen$spec$variable %||% "ANRIND"
  levels <- as.character(unlist(o$levels))
  severity <- as.character(unlist(o$severity %||% o$levels))
  order_by <- unlist(o$order %||% list("ADT", "ASEQ"))
  rank <- function(rows) match(as.character(rows[[variable]]), severity)
  chosen$rows$.category <- as.character(chosen$rows[[variable]])
  chosen$rows$.rank <- rank(chosen$rows)
  last <- function(rows, people, worst) {
    rows <- rows[!is.na(rows$.category), ]
    keys <- c(if (worst) list(rows$.rank), unname(rows[order_by]))
    rows <- rows[do.call(order, c(keys, na.last = TRUE)), ]
    rows <- rows[!duplicated(rows$USUBJID, fromLast = TRUE), ]
    found <- rows$.category[match(people$USUBJID, rows$USUBJID)]
    factor(ifelse(is.na(found), "Missing", found), c(levels, "Missing"))
  }
  each_cell(chosen, function(place, rows, people) {
    before <- last(rows[meets(rows, o$baseline), ], people, FALSE)
    after <- last(rows[meets(rows, o$post), ], people, identical(o$pick, "worst"))
    if (anyNA(before) || anyNA(after)) stop("a category that is not listed")
    place$variable <- variable
    add(place, c(N = nrow(people)), "nrow")
    counted <- addmargins(table(before, after))
    dimnames(counted) <- list(c(levels, "Missing", "Total"), c(levels, "Missing", "Total"))
    place$g3 <- "Baseline"
    for (row in rownames(counted)) {
      assessed <- sum(counted[row, levels])
      for (column in colnames(counted)) {
        at <- c(place, l3 = row, level = column)
        add(at, c(n = counted[row, column]), "addmargins(table(before, after))")
        if (row != "Total" && column %in% levels) add(at, c(p = share(counted[row, column], assessed)), "n / assessed")
      }
    }
  })
  used <- meets(chosen$rows, o$baseline) | meets(chosen$rows, o$post)
  for (arm in chosen$arms) {
    mine <- chosen$rows$USUBJID %in% chosen$people$USUBJID[chosen$people$.arm == arm]
    add(list(g1 = chosen$variable, l1 = arm), c(records_unused = sum(mine & !used)), "sum")
  }
}

# Boxes of a flow of subjects: conditions on ADSL, all arms together or each apart.
METHODS$flow <- function(chosen, add) {
  people <- chosen$people
  arm <- chosen$spec$arm %||% "TRT01P"
  inside <- list()
  for (box in chosen$options$boxes) {
    inside[[box$id]] <- meets(people, box$where)
    columns <- if (isTRUE(box$per_arm)) chosen$study$treated else "All subjects"
    for (column in columns) {
      mine <- column == "All subjects" | people[[arm]] %in% column
      base <- if (is.null(box$of)) NULL else sum(inside[[box$of]] & mine)
      here <- inside[[box$id]] & mine
      place <- list(g1 = arm, l1 = column, variable = "box", level = box$id)
      add(place, c(n = sum(here)), "sum")
      if (!is.null(base)) add(place, c(p = share(sum(here), base)), "n / N")
      if (is.null(box$by)) next
      reason <- people[[box$by]][here]
      counted <- table(ifelse(is.na(reason), "Not recorded", reason))
      for (name in names(counted)) {
        at <- c(place, g2 = box$by, l2 = name)
        add(at, c(n = counted[[name]]), "table")
        if (!is.null(base)) add(at, c(p = share(counted[[name]], base)), "n / N")
      }
    }
  }
}

METHODS$select <- function(chosen, add) {
  add(
    list(g1 = chosen$variable, l1 = "All listed"),
    c(rows = nrow(chosen$rows), n = people_with(chosen$rows), N = nrow(chosen$people)), "nrow"
  )
}

# Values of single rows: each is itself, and what is missing has no result.
METHODS$values <- function(chosen, add) {
  columns <- unlist(chosen$options$columns)
  each_cell(chosen, function(place, rows, people) {
    add(place, c(N = nrow(people), n = people_with(rows), rows = nrow(rows)), "nrow")
    for (name in names(columns)) {
      here <- rows[!is.na(rows[[name]]), ]
      if (!nrow(here)) next
      at <- c(place, list(g3 = "USUBJID", l3 = here$USUBJID, level = as.character(here$.row)))
      at$variable <- name
      values <- if (columns[[name]] == "text") as_level(here[[name]], chosen$types[[name]]) else here[[name]]
      add(at, setNames(values, rep(name, nrow(here))), "the value itself")
    }
  })
}
