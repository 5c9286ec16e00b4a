# Proportions and rates with exact intervals.

INTERVALS <- list(
  clopper_pearson = function(x, n, level) binom.test(x, n, conf.level = level)$conf.int,
  wilson = function(x, n, level) suppressWarnings(prop.test(x, n, conf.level = level, correct = FALSE))$conf.int,
  jeffreys = function(x, n, level) {
    a <- (1 - level) / 2
    c(if (x == 0) 0 else qbeta(a, x + 0.5, n - x + 0.5), if (x == n) 1 else qbeta(1 - a, x + 0.5, n - x + 0.5))
  },
  mid_p = function(x, n, level) {
    a <- (1 - level) / 2
    above <- function(p) pbinom(x, n, p, lower.tail = FALSE) + dbinom(x, n, p) / 2
    root <- function(target) uniroot(function(p) above(p) - target, c(0, 1), tol = 1e-15)$root
    c(if (x == 0) 0 else root(a), if (x == n) 1 else root(1 - a))
  }
)
CALLS <- c(
  clopper_pearson = "binom.test", wilson = "prop.test(correct = FALSE)", jeffreys = "qbeta(x + 1/2, n - x + 1/2)",
  mid_p = "uniroot on pbinom"
)

METHODS$proportion <- function(chosen, add) {
  o <- chosen$options
  level <- o$level %||% 0.95
  variable <- chosen$variables[1]
  each_cell(chosen, function(place, rows, people) {
    one_row_each(rows)
    place$variable <- variable
    value <- rows[[variable]]
    x <- sum(value == 1, na.rm = TRUE)
    no <- sum(value == 0, na.rm = TRUE)
    missing <- nrow(people) - x - no
    n <- if (identical(o$missing, "exclude")) x + no else nrow(people)
    add(place, c(n = x, n_not = no, n_missing = missing, N = n), "sum")
    add(place, c(p = share(x, n)), "n / N")
    for (name in unlist(o$intervals %||% "clopper_pearson")) {
      ends <- if (n > 0) INTERVALS[[name]](x, n, level) else c(NA, NA)
      add(place, setNames(ends, paste0(name, c("_low", "_high"))), CALLS[[name]], if (name == "mid_p") "iterative" else "exact")
    }
    for (p0 in unlist(o$null_rates)) {
      at <- c(place, level = sprintf("%g", p0))
      tails <- pbinom(seq(0, n) - 1, n, p0, lower.tail = FALSE)
      boundary <- c(which(tails <= o$alpha_one_sided), n + 2)[1] - 1
      p <- if (n > 0) binom.test(x, n, p0, alternative = "greater")$p.value else NA
      add(at, c(p0 = p0, boundary = boundary), "pbinom(x - 1, n, p0, lower.tail = FALSE) <= alpha")
      add(at, c(p_value = p), "binom.test(alternative = 'greater')")
      add(at, c(attained_alpha = if (boundary > n) 0 else tails[boundary + 1]), "pbinom")
      add(at, c(verdict = isTRUE(p <= o$alpha_one_sided)), "p <= alpha")
    }
    if (!is.null(chosen$spec$without)) {
      add(place, c(n_left_out = sum(in_column(chosen$left_out, place$l1, chosen))), "sum")
    }
  })
}

# Time at risk: first dose to the first event, or to the earliest of the declared ends; both days count.
METHODS$rates <- function(chosen, add) {
  o <- chosen$options
  page <- chosen$study$page
  start <- o$start %||% "TRTSDT"
  date <- o$date %||% "ASTDT"
  each_cell(chosen, function(place, rows, people) {
    place$variable <- date
    ends <- lapply(names(o$ends), function(name) {
      if (name == "cutoff") return(rep(as.numeric(as.Date(page$study$cutoff)), nrow(people)))
      plus <- o$ends[[name]]
      people[[name]] + if (is.character(plus)) page[[plus]] else plus
    })
    end <- do.call(pmin, c(ends, na.rm = TRUE))
    begin <- people[[start]]
    timed <- !is.na(begin) & !is.na(end) & end >= begin
    add(place, c(N = sum(timed), n_no_time = sum(!timed)), "sum")
    who <- people$USUBJID[timed]
    begin <- begin[timed]
    whole <- end[timed] - begin + 1
    for (line in o$lines) {
      had <- rows[meets(rows, line$where) & rows$USUBJID %in% who, ]
      dated <- had[!is.na(had[[date]]), ]
      first <- tapply(dated[[date]], factor(dated$USUBJID, who), min)[who]
      days <- pmin(whole, pmax(first - begin + 1, 1), na.rm = TRUE)
      x <- people_with(had)
      years <- sum(days) / 365.25
      at <- c(place, level = line$id)
      add(at, c(n = x, events = nrow(had), n_undated = x - people_with(dated), n_before = sum(first < begin, na.rm = TRUE)), "sum")
      add(at, c(years = years), "sum(days) / 365.25")
      rate <- rep(NA_real_, 3)
      if (years > 0) {
        test <- poisson.test(x, years, conf.level = o$level %||% 0.95)
        rate <- 100 * c(test$estimate, test$conf.int)
      }
      add(at, setNames(rate, c("rate", "rate_low", "rate_high")), "poisson.test")
    }
  })
}
